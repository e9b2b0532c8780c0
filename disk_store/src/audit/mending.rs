//! Mending: rows are made again, and a raw crash whose name is gone gets it back from a row.
//!
//! A row is one more name of the raw file, so as long as there is a row, the crash is there.
//! Such a row is never removed.

use std::fs;
use std::io;
use std::path::{Component, Path};

use auxilio_common::audit::{Astray, Index, Mending, Outlook, Stray};
use auxilio_common::{CrashId, RawEnvelope as _};
use auxilio_spool::{Envelope, Error as SpoolError, durable};

use super::rows::crash_of;
use crate::fault::Fault;
use crate::inner::{Inner, is_file};
use crate::layout::Place;
use crate::remove::flush_if_there;

impl Inner {
    /// Whether a stray still is one.
    pub(crate) fn is_astray(&self, stray: &Stray) -> Result<bool, Fault> {
        let crash_id = stray.crash_id;
        match &stray.what {
            Astray::RowAlone { index, row } => {
                let Some(place) = self.row_place(crash_id, *index, row) else { return Ok(false) };
                Ok(is_file(&place.path())? && !self.has_raw(crash_id)?)
            }
            what => Ok(self.strays_of(crash_id)?.iter().any(|now| now.what == *what)),
        }
    }

    /// What [`Inner::mend`] and [`Inner::remove_stray`] would come to.
    pub(crate) fn outlook(&self, stray: &Stray) -> Result<Outlook, Fault> {
        let crash_id = stray.crash_id;
        match &stray.what {
            Astray::Unlisted(_) => match self.open_raw(crash_id) {
                Ok(Some(_)) => Ok(Outlook::Mendable),
                Ok(None) | Err(Fault::Spool(SpoolError::Damaged { .. })) => Ok(Outlook::Neither),
                Err(fault) => Err(fault),
            },
            Astray::RowAlone { index, row } => {
                let Some(place) = self.row_place(crash_id, *index, row) else {
                    return Ok(Outlook::Neither);
                };
                let path = place.path();
                Ok(if crash_in(&path)? == Some(crash_id) {
                    Outlook::Mendable
                } else if is_empty(&path)? {
                    Outlook::Removable
                } else {
                    Outlook::Neither
                })
            }
            Astray::Unfinished { .. } | Astray::Damaged { .. } | Astray::ProcessedAlone => {
                Ok(Outlook::Neither)
            }
        }
    }

    pub(crate) fn mend(&self, stray: &Stray) -> Result<Mending, Fault> {
        match &stray.what {
            Astray::Unlisted(_) => self.list_again(stray.crash_id),
            Astray::RowAlone { index, row } => self.name_again(stray.crash_id, *index, row),
            Astray::Unfinished { .. } | Astray::Damaged { .. } | Astray::ProcessedAlone => {
                Ok(Mending::Impossible)
            }
        }
    }

    /// Removes a row that still has no crash and is a name alone; says whether it did.
    pub(crate) fn remove_stray(&self, stray: &Stray) -> Result<bool, Fault> {
        let Astray::RowAlone { index, row } = &stray.what else { return Ok(false) };
        let Some(place) = self.row_place(stray.crash_id, *index, row) else { return Ok(false) };
        let path = place.path();
        if self.has_raw(stray.crash_id)? || !is_empty(&path)? {
            return Ok(false);
        }
        let is_removed = durable::unlink(&path).map_err(Fault::io("remove", &path))?;
        flush_if_there(&place.folder)?;
        // A crash that came at this moment may have taken our row for its own.
        if self.has_raw(stray.crash_id)? {
            self.make_row(&place, &self.layout.raw(stray.crash_id).path())?.flush()?;
        }
        Ok(is_removed)
    }

    fn list_again(&self, crash_id: CrashId) -> Result<Mending, Fault> {
        let raw = self.layout.raw(crash_id).path();
        let crash = match self.open_raw(crash_id) {
            Ok(Some(envelope)) => envelope.into_raw_crash(),
            Ok(None) => return Ok(Mending::NotAstray),
            Err(Fault::Spool(SpoolError::Damaged { .. })) => return Ok(Mending::Impossible),
            Err(fault) => return Err(fault),
        };
        let rows = [Some(self.layout.window_row(&crash)), self.layout.hang_row(&crash)];
        let mut ending = Mending::NotAstray;
        for row in rows.iter().flatten() {
            if !is_file(&row.path())? {
                self.make_row(row, &raw)?.flush()?;
                ending = Mending::Mended;
            }
        }
        // Somebody may have removed the crash meanwhile, and its rows first.
        if !is_file(&raw)? {
            self.remove_rows(&crash)?;
            return Ok(Mending::NotAstray);
        }
        Ok(ending)
    }

    fn name_again(&self, crash_id: CrashId, index: Index, row: &[u8]) -> Result<Mending, Fault> {
        let Some(place) = self.row_place(crash_id, index, row) else {
            return Ok(Mending::Impossible);
        };
        let path = place.path();
        if self.has_raw(crash_id)? || !is_file(&path)? {
            return Ok(Mending::NotAstray);
        }
        if crash_in(&path)? != Some(crash_id) {
            return Ok(Mending::Impossible);
        }
        let raw = self.layout.raw(crash_id);
        let (shard, ()) = self.folders.write_in(&raw.folder, |folder| {
            match folder.link_in(&path, &raw.name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        })?;
        shard.flush()?;
        Ok(Mending::Mended)
    }

    /// Where a row stands, if it is one of the crash.
    fn row_place(&self, crash_id: CrashId, index: Index, row: &[u8]) -> Option<Place> {
        let row = Path::new(std::str::from_utf8(row).ok()?);
        let is_plain = row.components().all(|part| matches!(part, Component::Normal(_)));
        let name = row.file_name()?.to_str()?.to_owned();
        let is_its = is_plain && crash_of(index, &name) == Some(crash_id);
        let folder = self.layout.index(index).join(row.parent()?);
        is_its.then_some(Place { folder, name })
    }
}

/// Whether a file is there and holds nothing.
fn is_empty(path: &Path) -> Result<bool, Fault> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::io("look up", path)(error)),
    }
}

/// The crash whose bytes a row is; `None` if it is a name alone.
fn crash_in(path: &Path) -> Result<Option<CrashId>, Fault> {
    match Envelope::open(path) {
        Ok(envelope) => Ok(Some(envelope.raw_crash().crash_id)),
        Err(SpoolError::Damaged { .. }) => Ok(None),
        Err(error) if error.io_cause().is_some_and(|it| it.kind() == io::ErrorKind::NotFound) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
