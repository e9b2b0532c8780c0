//! What can go wrong in the spool.

use std::io;
use std::path::{Path, PathBuf};

use auxilio_common::DumpName;

use crate::format;

/// An error of the spool. The text names the operation and the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call of the file system failed.
    #[error("{operation} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        operation: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A flush failed, and is never repeated: a crash that was being written is dropped and must not
    /// be answered as accepted.
    #[error("flush {}", path.display())]
    Flush {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder is there and is no spool: an empty mount point, say.
    #[error("{} is no spool: it has neither a folder standard nor deferred", .0.display())]
    NoSpool(PathBuf),
    /// A crash waits again, but what had to follow failed.
    #[error("the crash waits again as {}, and what is left of it in quarantine may come back", back.display())]
    HalfBack {
        /// Where it waits.
        back: PathBuf,
        /// The cause.
        source: Box<Error>,
    },
    /// A crash in quarantine whose verdict says that it is not kept.
    #[error("crash {0} is of no lane: its verdict was not to keep it")]
    NoLane(auxilio_common::CrashId),
    /// A spooled file is not whole.
    #[error("read {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: format::Error,
    },
    /// Counts are no JSON of ours, or could not be written as such.
    #[error("read or write the counts in {}", path.display())]
    Counts {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The file system has fewer free bytes than the mark says: nothing is taken.
    #[error("{free} bytes are free for the spool, fewer than {mark}")]
    FewBytes {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be.
        mark: u64,
    },
    /// The file system has fewer free inodes than the mark says: nothing is taken.
    #[error("{free} inodes are free for the spool, fewer than {mark}")]
    FewInodes {
        /// Inodes that are free.
        free: u64,
        /// Inodes that must be.
        mark: u64,
    },
    /// More waits than the configuration allows: nothing is taken.
    #[error("{waiting} bytes wait in the spool, not fewer than {max}")]
    TooMuchWaits {
        /// Bytes that wait.
        waiting: u64,
        /// Bytes from which on nothing is taken.
        max: u64,
    },
    /// Two dumps of one crash have the same name.
    #[error("the crash has a dump \"{0}\" already")]
    DumpTwice(DumpName),
    /// Bytes or an end of a dump came while none was begun.
    #[error("no dump was begun")]
    NoDumpBegun,
    /// A dump was begun and not ended.
    #[error("dump \"{0}\" was begun and not ended")]
    DumpNotEnded(DumpName),
    /// The crash's annotations and notes are larger than a reader would take.
    #[error("the crash's index has {bytes} bytes; at most {max} are allowed")]
    IndexTooLarge {
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        max: u64,
    },
    /// The crash can't be written as JSON.
    #[error("write the index of crash {crash_id} as JSON")]
    Index {
        /// The crash.
        crash_id: auxilio_common::CrashId,
        /// The cause.
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether the spool is well and only too full: by its marks, or by how much waits.
    pub fn is_fullness(&self) -> bool {
        matches!(self, Self::FewBytes { .. } | Self::FewInodes { .. } | Self::TooMuchWaits { .. })
    }

    /// For `map_err` on a call of the file system.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }

    /// The operating system's error, if one is the cause.
    pub fn io_cause(&self) -> Option<&io::Error> {
        match self {
            Self::Io { source, .. }
            | Self::Flush { source, .. }
            | Self::Damaged { source: format::Error::Io(source), .. } => Some(source),
            Self::HalfBack { source, .. } => source.io_cause(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_flush_that_failed_after_a_crash_came_back_says_that_it_waits() {
        let source = std::io::ErrorKind::StorageFull.into();
        let flush = Error::Flush { path: "spool/quarantine".into(), source };
        assert_eq!(flush.to_string(), "flush spool/quarantine");
        let half = Error::HalfBack { back: "spool/standard/x".into(), source: Box::new(flush) };
        assert!(half.to_string().starts_with("the crash waits again as spool/standard/x"));
    }
}
