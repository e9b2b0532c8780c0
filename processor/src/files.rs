//! What the rules see of a crash's files: they are read before, so that rules stay pure.

use auxilio_common::DumpName;

use crate::walked_dump::Walks;

/// The name under which Firefox sends what it measured of its memory.
const MEMORY_REPORT: &str = "memory_report";

/// What there is of the files that came with a crash.
#[derive(Debug, Default)]
pub struct Files {
    /// The walks of its minidumps.
    pub walks: Walks,
    /// The file `memory_report` as it came, compressed.
    pub memory_report: Option<Vec<u8>>,
}

impl From<Walks> for Files {
    fn from(walks: Walks) -> Self {
        Self { walks, memory_report: None }
    }
}

/// Whether a file is the one that holds what the program measured of its memory.
pub fn is_memory_report(name: &DumpName) -> bool {
    name.as_str() == MEMORY_REPORT
}
