//! What can go wrong between a symbol file and its use.

use std::io;
use std::path::PathBuf;

/// Why symbols that are there can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SymbolsError {
    /// The file system refused.
    #[error("{operation} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file is larger than we take.
    #[error("symbol file {} has {length} bytes, the limit is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

impl SymbolsError {
    /// Wraps an error of the file system.
    pub(crate) fn io(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { operation, path: path.into(), source }
    }
}
