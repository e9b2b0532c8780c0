//! What can go wrong inside the disk store, and which of it passes by itself.

use std::io;
use std::path::{Path, PathBuf};

use auxilio_common::storage::ErrorClass;
use auxilio_common::{DumpName, StoreError};

use crate::processed::FormatError;

/// A fault. It becomes the cause of a [`StoreError`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{operation} {}", path.display())]
    Io { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("use the spool's file format")]
    Spool(#[source] auxilio_spool::Error),
    #[error("read {}", path.display())]
    Processed { path: PathBuf, source: FormatError },
    #[error("the document can't be written as JSON")]
    Json(#[source] serde_json::Error),
    #[error("dump \"{0}\" was named and can't be opened")]
    DumpMissing(DumpName),
    #[error("the bytes of dump \"{0}\" don't have the checksum that came with them")]
    DumpChanged(DumpName),
    #[error("the crash was written and does not show, or otherwise than it was put")]
    NotShown,
    #[error("the work was cut off")]
    CutOff,
}

impl Fault {
    /// For `map_err` on a call of the file system.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }

    /// Every refusal of the file system passes once somebody frees space, mounts the disk again or
    /// gives rights back: full, over quota, read-only, broken, forbidden. Damage does not pass.
    fn class(&self) -> ErrorClass {
        match self {
            Self::Io { .. } => ErrorClass::Retry,
            // The task was dropped half-way; every write may be repeated.
            Self::CutOff | Self::NotShown => ErrorClass::Unknown,
            Self::Spool(error) if error.io_cause().is_some() => ErrorClass::Retry,
            Self::Spool(_)
            | Self::Processed { .. }
            | Self::Json(_)
            | Self::DumpMissing(_)
            | Self::DumpChanged(_) => ErrorClass::Permanent,
        }
    }

    /// The fault as the trait's error.
    pub(crate) fn while_doing(
        self,
        operation: &'static str,
        object: &dyn std::fmt::Display,
    ) -> StoreError {
        let class = self.class();
        StoreError { operation, object: object.to_string(), class, source: Box::new(self) }
    }
}

impl From<auxilio_spool::Error> for Fault {
    fn from(error: auxilio_spool::Error) -> Self {
        Self::Spool(error)
    }
}
