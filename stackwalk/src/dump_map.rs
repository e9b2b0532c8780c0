//! A dump's bytes, mapped copy-on-write: what we change is seen by us alone.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;

/// A private, changeable mapping of a dump, which may be a part of a larger file.
#[derive(Debug)]
pub struct DumpMap(Option<memmap2::MmapMut>);

impl DumpMap {
    /// Maps `length` bytes of a file from `offset` on. Fails if the file has fewer.
    pub fn open(path: &Path, offset: u64, length: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        let has = file.metadata()?.len();
        if offset.checked_add(length).is_none_or(|end| end > has) {
            let what = format!("the file has {has} bytes, not {length} from {offset} on");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
        }
        if length == 0 {
            return Ok(Self(None));
        }
        let length = usize::try_from(length).map_err(io::Error::other)?;
        // SAFETY: spooled and stored dumps are never written in place, and the mapping is private.
        // Were the file cut all the same, the process would end by SIGBUS: the pool survives that.
        #[expect(unsafe_code, reason = "a dump is mapped so that its heap costs nothing")]
        let map =
            unsafe { memmap2::MmapOptions::new().offset(offset).len(length).map_copy(&file)? };
        Ok(Self(Some(map)))
    }

    /// Maps a whole file.
    pub fn open_file(path: &Path) -> io::Result<Self> {
        Self::open(path, 0, path.metadata()?.len())
    }
}

impl Deref for DumpMap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl DerefMut for DumpMap {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}
