//! The settings of the middleware.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The section `middleware`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the interface is served.
    pub address: SocketAddr,
    /// File that holds the admin token; empty: nobody sees protected values.
    #[serde(with = "auxilio_common::optional_path")]
    pub admin_token_file: Option<PathBuf>,
    /// Seconds that the store may take for one answer.
    pub store_time_max_secs: u64,
    /// Crashes that are read and answered at once: each may be some MiB in memory.
    pub crashes_at_once_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8100)),
            admin_token_file: None,
            store_time_max_secs: 15,
            crashes_at_once_max: 16,
        }
    }
}
