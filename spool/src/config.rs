//! Where the spool is and when it is full.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The section `[spool]`. The collector and the crashmover of one machine share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The spool's folder.
    pub dir: PathBuf,
    /// A folder on another file system that takes new crashes while the first can't flush.
    #[serde(with = "auxilio_common::optional_path")]
    pub fallback_dir: Option<PathBuf>,
    /// Free space below which nothing is taken, in percent of the file system.
    pub free_percent_min: u8,
    /// Free space below which nothing is taken, in bytes; the larger of the two holds.
    pub free_bytes_min: u64,
    /// Free inodes below which nothing is taken, in percent of the file system.
    pub free_inodes_percent_min: u8,
    /// Bytes of all that waits, quarantine included, above which nothing is taken; 0 is no bound.
    pub total_bytes_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("/var/lib/auxilio/spool"),
            fallback_dir: None,
            // DESIGN section 4: 5 %, at least 2 GiB.
            free_percent_min: 5,
            free_bytes_min: 2 << 30,
            free_inodes_percent_min: 5,
            total_bytes_max: 0,
        }
    }
}
