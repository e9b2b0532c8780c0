//! Folders that are made when needed, opened once for all who need them at the same time, and
//! known to last.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use auxilio_spool::durable;
use auxilio_spool::folder::{Folder, Identity};

use crate::fault::Fault;

/// Folders that are remembered. A day has 4,096 shards, and two days are written at midnight.
const REMEMBERED_MAX: usize = 16_384;

/// Times that a folder which vanishes under our hands is made again.
const TRIES: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Folders {
    known: Mutex<HashMap<PathBuf, Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The folder while somebody uses it: all who do share its flushes.
    open: Weak<Folder>,
    /// The folder whose name lasts: this process flushed the parents after it saw the name.
    lasting: Option<Identity>,
}

impl Folders {
    /// Does something in a folder, which is made first if it is missing and made again if it is
    /// removed meanwhile. Returns the folder, to be flushed.
    pub(crate) fn write_in<T>(
        &self,
        path: &Path,
        write: impl Fn(&Folder) -> io::Result<T>,
    ) -> Result<(Arc<Folder>, T), Fault> {
        let mut trouble = io::Error::from(io::ErrorKind::NotFound);
        for _ in 0..TRIES {
            let written = self.lasting(path).and_then(|folder| {
                let written = write(&folder)?;
                Ok((folder, written))
            });
            match written {
                Err(error) if error.kind() == io::ErrorKind::NotFound => trouble = error,
                other => return other.map_err(Fault::io("write in", path)),
            }
        }
        Err(Fault::io("write in", path)(trouble))
    }

    /// The open folder, whose own name lasts.
    fn lasting(&self, path: &Path) -> io::Result<Arc<Folder>> {
        let (open, lasting) = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = known.entry(path.to_owned()).or_default();
            (entry.open.upgrade(), entry.lasting)
        };
        if let Some(folder) = open
            && folder.is_there()?
        {
            return Ok(folder);
        }
        let mut lasting = lasting;
        let folder = match Folder::open(path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                lasting = None;
                make_two_levels(path)?;
                Folder::open(path)?
            }
            Err(error) => return Err(error),
        };
        let identity = folder.identity()?;
        if lasting != Some(identity) {
            // Another process may have made it, or its parent, and not have come to the flush.
            path.ancestors().skip(1).take(2).try_for_each(durable::flush_folder)?;
        }
        Ok(self.remember(path, folder, identity))
    }

    /// Keeps the folder for others; if one was faster, takes theirs, so that flushes are shared.
    fn remember(&self, path: &Path, folder: Folder, identity: Identity) -> Arc<Folder> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        let entry = known.entry(path.to_owned()).or_default();
        let same = entry.lasting == Some(identity);
        if let Some(theirs) = entry.open.upgrade().filter(|_| same) {
            return theirs;
        }
        let folder = Arc::new(folder);
        *entry = Known { open: Arc::downgrade(&folder), lasting: Some(identity) };
        folder
    }
}

/// Makes a folder and its parent, never more: if the store itself is gone (unmounted, moved away),
/// nothing may be made in its place.
fn make_two_levels(path: &Path) -> io::Result<()> {
    for path in [path.parent().unwrap_or(path), path] {
        match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
