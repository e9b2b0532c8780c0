//! Crashes that come back from quarantine for another try.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::files::SpoolFile;
use crate::root::Root;
use crate::{Envelope, Error, Lane, Source, durable, instance, layout};

/// What became of a crash that should come back.
#[derive(Debug, PartialEq, Eq)]
pub enum Requeued {
    /// It waits again, here.
    Back(PathBuf),
    /// Somebody else has it in hand.
    Held,
    /// It is not in quarantine any more.
    Gone,
}

/// A spool whose quarantine gives crashes back.
#[derive(Debug)]
pub struct Requeue {
    root: Root,
}

impl Requeue {
    /// Out of a spool. Nothing is made or swept before a crash comes back.
    pub fn of(source: Source) -> Self {
        Self { root: Root::new(source) }
    }

    /// Puts a quarantined crash back into the lane of its verdict, under the present minute, and
    /// returns once that lasts. A file that is damaged stays where it is.
    ///
    /// One rename moves it, so whenever we are killed it is in one place: in quarantine with its
    /// reason, or in its lane, where at most the reason's file is left behind. After an error of a
    /// flush it waits in its lane, and a power cut may bring it back to quarantine.
    pub fn put_back(&self, file: &SpoolFile) -> Result<Requeued, Error> {
        let path = &file.path;
        let open = match File::open(path) {
            Ok(open) => Arc::new(open),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Requeued::Gone),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        // Held to the end: no carrier takes it before its name lasts.
        if !instance::lock(&open).map_err(Error::io("lock", path))? {
            return Ok(Requeued::Held);
        }
        if !instance::names(path, &open).map_err(Error::io("look up", path))? {
            return Ok(Requeued::Gone);
        }
        let envelope = Envelope::from_file(path, Arc::clone(&open))?;
        envelope.verify()?;
        let crash = envelope.into_raw_crash();
        let lane = Lane::of(crash.metadata.throttle).ok_or(Error::NoLane(crash.crash_id))?;
        let layout = &self.root.source.layout;
        // A spool that was copied may lack it.
        let folder = layout.lane(lane);
        durable::make_folders(&folder).map_err(Error::io("make", &folder))?;
        let (minute, back) = self.root.place(path, lane, crash.crash_id)?;
        minute.folder.flush()?;
        let quarantine = layout.quarantine();
        durable::flush_folder(&quarantine)
            .map_err(|source| Error::Flush { path: quarantine, source })?;
        let reason = layout::reason_of(path);
        durable::unlink(&reason).map_err(Error::io("remove", &reason))?;
        Ok(Requeued::Back(back))
    }
}
