//! What was left out of a walk because of a limit.

use serde::{Deserialize, Serialize};

/// Counts of what was left out. All zero: the report is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncation {
    /// Threads whose stack was cut before the walk.
    pub stacks_cut: u64,
    /// Bytes of stacks that were cut.
    pub stack_bytes_dropped: u64,
    /// Threads that were not walked and are not in the report.
    pub threads_dropped: u64,
    /// Modules, loaded and unloaded, that were not read.
    pub modules_dropped: u64,
    /// Frames that were walked and are not in the report.
    pub frames_dropped: u64,
}

impl Truncation {
    /// Whether anything was left out.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}
