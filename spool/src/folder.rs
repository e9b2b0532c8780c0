//! An open folder with its shared flush.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::folder_flush::FolderFlush;
use crate::{Error, durable};

/// A folder's inode and, because inodes are used again, when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    inode: u64,
    made_at: Option<SystemTime>,
}

/// An open folder. Names are made by the open folder, never by its path: were it removed and made
/// again by somebody else, a name would come to lie in a folder that we don't flush. In a folder
/// that was removed every making is `NotFound`.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    open: File,
    flush: FolderFlush,
}

impl Folder {
    /// Opens a folder that exists. Whether its own name lasts is the caller's care.
    pub fn open(path: &Path) -> io::Result<Self> {
        let open = File::open(path)?;
        Ok(Self { path: path.to_owned(), open, flush: FolderFlush::default() })
    }

    /// Where it stood when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What tells the folder from every other that had or will have its path.
    pub fn identity(&self) -> io::Result<Identity> {
        let metadata = self.open.metadata()?;
        Ok(Identity { inode: metadata.ino(), made_at: metadata.created().ok() })
    }

    /// Whether the folder still has a name.
    pub fn is_there(&self) -> io::Result<bool> {
        Ok(self.open.metadata()?.nlink() > 0)
    }

    /// Moves a file in under a name that is free (else `AlreadyExists`). Not flushed yet.
    pub fn rename_in(&self, from: &Path, name: &str) -> io::Result<PathBuf> {
        durable::rename_new(from, &self.open, name)?;
        Ok(self.path.join(name))
    }

    /// Moves a file in, over what has the name. Not flushed yet.
    pub fn rename_over(&self, from: &Path, name: &str) -> io::Result<()> {
        durable::rename_over_in(from, &self.open, name)
    }

    /// Gives a file a second name here that is free (else `AlreadyExists`). Not flushed yet.
    pub fn link_in(&self, from: &Path, name: &str) -> io::Result<()> {
        durable::link_new(from, &self.open, name)
    }

    /// Makes an empty file; being there is fine. Not flushed yet.
    pub fn make_empty(&self, name: &str) -> io::Result<()> {
        durable::make_empty(&self.open, name)
    }

    /// Returns when all names that were made or removed here before the call last.
    pub fn flush(&self) -> Result<(), Error> {
        self.flush
            .flush(&self.open)
            .map_err(|source| Error::Flush { path: self.path.clone(), source })
    }
}
