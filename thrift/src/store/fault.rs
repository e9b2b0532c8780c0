//! What can go wrong inside the store, and which of it passes by itself.

use std::fmt;
use std::io;

use auxilio_common::storage::ErrorClass;
use auxilio_common::{DumpName, StoreError, Timestamp};

use crate::error::Error;
use crate::exception::Sort;

/// A fault. It becomes the cause of a [`StoreError`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Client(#[from] Error),
    #[error("read dump \"{name}\"")]
    Dump { name: DumpName, source: io::Error },
    #[error("dump \"{0}\" was named and can't be opened")]
    DumpMissing(DumpName),
    #[error("the bytes of dump \"{0}\" don't have the checksums that came with them")]
    DumpChanged(DumpName),
    #[error("a document can't be written or read as JSON")]
    Json(#[from] serde_json::Error),
    #[error("compress a chunk")]
    Compress(#[source] io::Error),
    #[error("the row has chunks and no manifest: it is not there yet")]
    NotYet,
    #[error("chunk {0} is missing or damaged")]
    Chunk(String),
    #[error("what was written does not show, behind whatever was deleted")]
    Hidden,
    #[error("{0} has no place in an index: its year must have four digits")]
    Time(Timestamp),
    #[error("the work was cut off")]
    CutOff,
}

impl Fault {
    fn class(&self) -> ErrorClass {
        match self {
            // A missing table or right is the installation's trouble: the crash waits until it is
            // mended, and is not laid aside.
            Self::Client(error) if error.sort() == Some(Sort::Installation) => ErrorClass::Retry,
            Self::Client(error) => error.class(),
            // Reading the spool fails for reasons that pass, as the spool's own errors do.
            Self::Dump { .. } | Self::NotYet | Self::Hidden => ErrorClass::Retry,
            Self::CutOff => ErrorClass::Unknown,
            Self::DumpMissing(_)
            | Self::DumpChanged(_)
            | Self::Json(_)
            | Self::Compress(_)
            | Self::Chunk(_)
            | Self::Time(_) => ErrorClass::Permanent,
        }
    }

    /// The fault as the trait's error.
    pub(super) fn while_doing(
        self,
        operation: &'static str,
        object: &dyn fmt::Display,
    ) -> StoreError {
        let class = self.class();
        StoreError { operation, object: object.to_string(), class, source: Box::new(self) }
    }
}
