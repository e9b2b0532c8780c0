//! The folder of the present minute in each lane, kept open between requests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::folder::Folder;
use crate::layout::{self, Layout};
use crate::{Error, Lane, durable};

#[derive(Debug)]
pub(crate) struct MinuteFolder {
    minute: String,
    pub(crate) folder: Folder,
}

impl MinuteFolder {
    fn open(layout: &Layout, lane: Lane, minute: &str) -> io::Result<Self> {
        durable::make_folder(&layout.lane(lane), minute)?;
        let folder = Folder::open(&layout.minute(lane, minute))?;
        Ok(Self { minute: minute.to_owned(), folder })
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
