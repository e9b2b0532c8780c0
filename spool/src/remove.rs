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
    /// Removes minute folders that are empty and older than five minutes, with those that a kill left
    /// before they had their name. Returns how many. After one that can't be removed the others are; the
    /// first error is told at the end.
    pub fn remove_old_folders(&self) -> Result<usize, Error> {
        let oldest_kept = layout::oldest_minute_kept(self.clock.now());
        let is_old = |name: &str| layout::minute_of(name).is_some_and(|it| it < &*oldest_kept);
        let (mut removed, mut ended) = (0, Ok(()));
        for lane in Lane::ALL {
            let names = match scan::folders(&self.layout, lane, is_old) {
                Ok(names) => names,
                Err(error) => {
                    ended = ended.and(Err(error));
                    continue;
                }
            };
            for name in names {
                let folder = self.layout.minute(lane, &name);
                match fs::remove_dir(&folder) {
                    Ok(()) => removed += 1,
                    Err(error) if is_expected(&error) => {}
                    Err(error) => ended = ended.and(Err(Error::io("remove", &folder)(error))),
                }
            }
        }
        ended.map(|()| removed)
    }
}

/// Crashes still wait there, or another carrier was faster.
fn is_expected(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound)
}
