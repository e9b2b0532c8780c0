//! The verdict at the door: whether a crash is processed at once, kept, or not wanted.

use serde::{Deserialize, Serialize};

/// What the collector decided about a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// Kept and queued for processing.
    Accept,
    /// Kept, processed only when somebody asks.
    Defer,
    /// Not kept; the client is told so.
    Discard,
    /// Not kept; the client gets an id as if it were.
    FakeAccept,
}

impl Throttle {
    /// The digit that this verdict leaves in the crash id; `None` where no id is issued.
    pub fn digit(self) -> Option<u8> {
        match self {
            Self::Accept => Some(0),
            Self::Defer => Some(1),
            Self::FakeAccept => Some(3),
            Self::Discard => None,
        }
    }
}
