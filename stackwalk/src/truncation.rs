//! What a report lacks: left out because of a limit, or never arrived.

use serde::{Deserialize, Serialize};

/// Counts of what a report lacks. All zero: it is whole.
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
    /// Entries of other lists that were not read: streams, memory regions, handles, thread names,
    /// and unloaded modules that a frame may lie in.
    pub entries_dropped: u64,
    /// Names and debug records that were cut.
    pub names_cut: u64,
    /// Bytes of texts that were not read: maps, limits, the writer's own errors.
    pub text_bytes_dropped: u64,
    /// Streams, stacks, register sets, names and memory regions that the dump names and that lie
    /// behind its end: it was cut off on its way.
    pub parts_missing: u64,
}

impl Truncation {
    /// Whether anything was left out.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}
