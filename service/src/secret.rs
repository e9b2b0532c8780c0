//! A secret: read from a file, never shown.

use std::fmt;
use std::path::{Path, PathBuf};

/// A text that neither a log nor an error ever shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret's file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("can't read the secret in \"{path}\"")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds nothing.
    #[error("the secret's file \"{path}\" is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads a secret's file; white space around it is dropped.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        match text.trim() {
            "" => Err(Error::Empty { path: path.to_owned() }),
            text => Ok(Self::new(text)),
        }
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
