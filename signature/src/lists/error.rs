//! Why a list can't be used.

use auxilio_common::limits;

/// Why a list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A line is no regular expression.
    #[error("line {line} of the {list} list is no pattern")]
    Pattern {
        /// Which list.
        list: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// All patterns together are too much.
    #[error("the {list} list is too large once compiled")]
    Compiled {
        /// Which list.
        list: &'static str,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// The text is too long.
    #[error("the {list} list has {bytes} bytes, more than {}", limits::SIGNATURE_LIST_BYTES_MAX)]
    TooLong {
        /// Which list.
        list: &'static str,
        /// How long it is.
        bytes: usize,
    },
}

impl ListError {
    /// Which list, by the name of its file without the ending.
    pub fn list(&self) -> &'static str {
        match self {
            Self::Pattern { list, .. }
            | Self::Compiled { list, .. }
            | Self::TooLong { list, .. } => list,
        }
    }
}
