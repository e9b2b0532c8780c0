//! What leaves the spool: crashes that the store holds, and folders that are empty and old.

use std::fs;
use std::io;

use crate::{Claim, Error, Lane, Source, durable, layout, scan};

impl Claim {
    /// Removes the file. Only the crashmover calls this, and only once the store holds the crash.
    ///
    /// Not flushed: a file that comes back after a power cut is stored once more, to no effect.
    pub fn remove(&self) -> Result<(), Error> {
        let path = &self.entry.path;
        durable::unlink(path).map(drop).map_err(Error::io("remove", path))
    }
}

impl Source {
    /// Removes minute folders that are empty and older than five minutes. Returns how many.
    pub fn remove_old_folders(&self) -> Result<usize, Error> {
        let oldest_kept = layout::oldest_minute_kept(self.clock.now());
        let mut removed = 0;
        for lane in Lane::ALL {
            for minute in scan::minutes(&self.layout, lane)? {
                if minute >= oldest_kept {
                    break;
                }
                let folder = self.layout.minute(lane, &minute);
                match fs::remove_dir(&folder) {
                    Ok(()) => removed += 1,
                    Err(error) if is_expected(&error) => {}
                    Err(error) => return Err(Error::io("remove", &folder)(error)),
                }
            }
        }
        Ok(removed)
    }
}

/// Crashes still wait there, or another carrier was faster.
fn is_expected(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound)
}
