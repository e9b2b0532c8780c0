//! What a disk gives without us: plain files, each flushed, renamed and followed by a flush of their folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads that write side by side: more gain nothing on the disks that we know.
pub const THREADS: usize = 16;

/// Writes so many files of these bytes into a folder.
///
/// # Panics
/// If one can't be written.
pub fn plain_files(dir: &Path, bytes: &[u8], count: usize) {
    let (aside, into) = (dir.join("aside"), dir.join("into"));
    let write = |number: usize| -> io::Result<()> {
        let (from, to) = (aside.join(number.to_string()), into.join(number.to_string()));
        let mut file = File::create_new(&from)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(from, to)?;
        File::open(&into)?.sync_all()
    };
    let made = fs::create_dir(&aside).and_then(|()| fs::create_dir(&into));
    assert!(made.is_ok(), "{made:?}");
    side_by_side(count, |number| {
        let written = write(number);
        assert!(written.is_ok(), "{written:?}");
    });
}

/// Does some work so many times, on all threads.
pub fn side_by_side(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    work(number);
                }
            });
        }
    });
}
