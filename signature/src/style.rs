//! Whose signatures: Mozilla's generator of today, or Socorro's of 2012.

use serde::{Deserialize, Serialize};

/// In what style signatures are made. Frames are named and chosen alike in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Mozilla's of today: `hang: <what> | ` before the signature of a hang; a crash whose thread is
    /// not known is one of its first thread.
    #[default]
    Today,
    /// Socorro's of 2012: `hang | ` and `chromehang | ` by the kind of hang; a crash whose thread is
    /// not known says so.
    Socorro2012,
}
