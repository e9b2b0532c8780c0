//! Where the disk store is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The section `[disk_store]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The store's folder. On the spool's file system crashes are linked and not copied.
    pub dir: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self { dir: PathBuf::from("/var/lib/auxilio/store") }
    }
}
