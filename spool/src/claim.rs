//! A spooled file in one carrier's hands.

use std::fs::File;
use std::io;
use std::sync::Arc;

use rustix::fs::Access;

use crate::layout::Layout;
use crate::{Entry, Envelope, Error, Source, instance};

/// A locked file. The lock lasts as long as the claim, or an [`Envelope`] opened from it.
#[derive(Debug)]
pub struct Claim {
    pub(crate) entry: Entry,
    pub(crate) file: Arc<File>,
    /// The spool that the file is in: it never leaves its file system.
    pub(crate) layout: Arc<Layout>,
}

impl Source {
    /// Takes hold of an entry; `None` if somebody else holds it or has carried it away.
    pub fn claim(&self, entry: &Entry) -> Result<Option<Claim>, Error> {
        let path = &entry.path;
        // What can be read and not removed would be carried again and again.
        let folder = path.parent().unwrap_or(path);
        match rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK) {
            Err(error) if io::Error::from(error).kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("take crashes out of", folder)(error.into()));
            }
            _ => {}
        }
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let held = instance::lock(&file).map_err(Error::io("lock", path))?
            // Who held it before may have carried it away and unlinked it.
            && instance::names(path, &file).map_err(Error::io("look up", path))?;
        Ok(held.then(|| Claim {
            entry: entry.clone(),
            file: Arc::new(file),
            layout: Arc::clone(&self.layout),
        }))
    }
}

impl Claim {
    /// What was claimed.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> Result<u64, Error> {
        let metadata = self.file.metadata();
        metadata.map(|metadata| metadata.len()).map_err(Error::io("look up", &self.entry.path))
    }

    /// Opens the crash and proves every byte of it, dumps by their CRC-32. An error that
    /// [is damage](crate::format::Error::is_damage) is one for quarantine.
    pub fn open_whole(&self) -> Result<Envelope, Error> {
        let envelope = Envelope::from_file(&self.entry.path, Arc::clone(&self.file))?;
        envelope.check()?;
        Ok(envelope)
    }
}
