//! The folder of one minute, open, with its shared flush.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::folder_flush::FolderFlush;
use crate::layout::{self, Layout};
use crate::{Error, Lane, durable};

/// An open folder. Renames go by the open folder, never by its path: were it removed and made
/// again by somebody else, the name would come to lie in a folder that we don't flush.
#[derive(Debug)]
pub(crate) struct MinuteFolder {
    minute: String,
    path: PathBuf,
    folder: File,
    flush: FolderFlush,
}

impl MinuteFolder {
    fn open(layout: &Layout, lane: Lane, minute: &str) -> io::Result<Self> {
        durable::make_folder(&layout.lane(lane), minute)?;
        let path = layout.minute(lane, minute);
        let folder = File::open(&path)?;
        Ok(Self { minute: minute.to_owned(), path, folder, flush: FolderFlush::default() })
    }

    /// Moves a file in under a name that is free, and returns its path. Not flushed yet.
    pub(crate) fn take_in(&self, from: &Path, name: &str) -> io::Result<PathBuf> {
        durable::rename_new(from, &self.folder, name)?;
        Ok(self.path.join(name))
    }

    /// Returns when all names that were in the folder before the call last.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.flush
            .flush(&self.folder)
            .map_err(|source| Error::Flush { path: self.path.clone(), source })
    }
}

/// The newest folder of each lane, kept open between requests.
#[derive(Debug, Default)]
pub(crate) struct MinuteFolders {
    lanes: [Mutex<Option<Arc<MinuteFolder>>>; Lane::ALL.len()],
}

impl MinuteFolders {
    /// The folder of a minute, made if need be. With `again`, one that turned out removed.
    ///
    /// Others of the lane wait meanwhile: none of them could be answered before the new folder's
    /// parent is flushed.
    pub(crate) fn of_minute(
        &self,
        layout: &Layout,
        lane: Lane,
        minute: &str,
        again: Option<&Arc<MinuteFolder>>,
    ) -> Result<Arc<MinuteFolder>, Error> {
        let mut kept = self.lanes[lane as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*kept {
            let gone = again.is_some_and(|gone| Arc::ptr_eq(gone, folder));
            if folder.minute == minute && !gone {
                return Ok(Arc::clone(folder));
            }
        }
        let folder = MinuteFolder::open(layout, lane, minute)
            .map(Arc::new)
            .map_err(Error::io("make the minute's folder in", &layout.lane(lane)))?;
        *kept = Some(Arc::clone(&folder));
        Ok(folder)
    }
}

/// The names to try for a crash in a folder, the plain one first.
pub(crate) fn names_for(crash_id: auxilio_common::CrashId) -> impl Iterator<Item = String> {
    (0..).map(move |attempt| layout::file_name(crash_id, attempt))
}
