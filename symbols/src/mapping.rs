//! A file's bytes, mapped for reading.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// Bytes of a file, or of memory where there is no file.
#[derive(Debug)]
pub(crate) enum Mapping {
    /// Mapped from a file.
    File(memmap2::Mmap),
    /// Held in memory.
    Memory(Vec<u8>),
}

impl Mapping {
    /// Maps a whole file. An empty one is no mapping, and no error.
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::Memory(Vec::new()));
        }
        // SAFETY: the bytes are only read, and only as bytes. Files of a symbol store and of the
        // cache are replaced by renaming, never written or cut in place, so the mapped inode does
        // not change; were it cut all the same, the process would end by SIGBUS, which the pool of
        // workers survives.
        #[expect(unsafe_code, reason = "mapping a file is the point of this module")]
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Self::File(map))
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::File(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}
