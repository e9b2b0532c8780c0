//! Whether the file system has room for more crashes.

use std::path::Path;

use crate::{Config, Error};

/// What a file system has, as `statvfs` says it to an unprivileged process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Files that may still be made.
    pub free_inodes: u64,
    /// Files in all; 0 where the file system doesn't count them.
    pub total_inodes: u64,
}

impl Room {
    /// The room around a path.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let stat = rustix::fs::statvfs(path)
            .map_err(|error| Error::io("measure the room of", path)(error.into()))?;
        Ok(Self {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_inodes: stat.f_favail,
            total_inodes: stat.f_files,
        })
    }
}

/// Whether there is room enough to take crashes, by the configuration's marks.
pub(crate) fn check(config: &Config, room: Room) -> Result<(), Error> {
    let percent = |total: u64, percent: u8| total / 100 * u64::from(percent);
    let bytes_mark = percent(room.total_bytes, config.free_percent_min).max(config.free_bytes_min);
    let inodes_mark = percent(room.total_inodes, config.free_inodes_percent_min);
    if room.free_bytes < bytes_mark {
        Err(Error::FewBytes { free: room.free_bytes, mark: bytes_mark })
    } else if room.free_inodes < inodes_mark {
        Err(Error::FewInodes { free: room.free_inodes, mark: inodes_mark })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_byte_mark_holds_and_uncounted_inodes_are_no_lack() {
        let config = Config::default();
        let mut room =
            Room { free_bytes: 6 << 30, total_bytes: 100 << 30, free_inodes: 0, total_inodes: 0 };
        check(&config, room).unwrap();
        room.free_bytes = 4 << 30;
        assert!(matches!(check(&config, room), Err(Error::FewBytes { .. })));
        room = Room { free_bytes: 1 << 30, total_bytes: 4 << 30, ..room };
        let said = check(&config, room).unwrap_err().to_string();
        assert_eq!(said, "1073741824 bytes are free for the spool, fewer than 2147483648");
        room = Room { free_bytes: 3 << 30, total_inodes: 1_000, free_inodes: 49, ..room };
        let said = check(&config, room).unwrap_err().to_string();
        assert_eq!(said, "49 inodes are free for the spool, fewer than 50");
    }
}
