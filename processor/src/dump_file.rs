//! A stored dump as a file that a walker can map.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use auxilio_common::storage::StoredDumpBytes;
use auxilio_common::{CrashId, CrashStore, DumpName, StoreError, limits};
use tempfile::{NamedTempFile, TempPath};

/// A part of a file that holds one dump.
pub(crate) struct DumpFile {
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// A copy of our own, which goes with this.
    _copy: Option<TempPath>,
}

/// Why a dump could not be brought into a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenDumpError {
    /// The store has trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy could not be made.
    #[error("copy a dump to {folder}")]
    Copy {
        /// Where to.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl DumpFile {
    /// Opens a dump; one that the store has only as a stream is copied to a file of our own.
    pub(crate) async fn open(
        store: &dyn CrashStore,
        crash_id: CrashId,
        name: &DumpName,
        folder: &Path,
    ) -> Result<Option<Self>, OpenDumpError> {
        let Some(dump) = store.open_dump(crash_id, name).await? else { return Ok(None) };
        let length = dump.length;
        let reader = match dump.bytes {
            StoredDumpBytes::File { path, offset } => {
                return Ok(Some(Self { path, offset, length, _copy: None }));
            }
            StoredDumpBytes::Stream(reader) => reader,
        };
        let failed = |source| OpenDumpError::Copy { folder: folder.to_owned(), source };
        let to = folder.to_owned();
        let copied = tokio::task::spawn_blocking(move || copy(reader, length, &to)).await;
        let copy = copied.map_err(|error| failed(io::Error::other(error)))?.map_err(failed)?;
        Ok(Some(Self { path: copy.to_path_buf(), offset: 0, length, _copy: Some(copy) }))
    }

    /// The dump's bytes.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(self.length.min(limits::DUMP_BYTES_MAX)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Copies exactly `length` bytes to a file that only we may read.
fn copy(reader: Box<dyn Read + Send>, length: u64, folder: &Path) -> io::Result<TempPath> {
    let mut file = NamedTempFile::with_prefix_in("auxilio-dump-", folder)?;
    let copied = io::copy(&mut reader.take(length), &mut file)?;
    file.flush()?;
    if copied < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the dump is shorter than told"));
    }
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_exactly_the_told_bytes_and_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = copy(Box::new(&b"MDMP and more"[..]), 4, folder.path()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"MDMP");
        let kept = path.to_path_buf();
        drop(path);
        assert!(!kept.exists());
        assert!(copy(Box::new(&b"short"[..]), 6, folder.path()).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
