//! The section `crashmover` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much is carried side by side, and whom to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where heartbeats and metrics are served.
    pub admin_address: SocketAddr,
    /// Folders of further spools that are carried beside `spool.dir` and `spool.fallback_dir`: of
    /// machines that died, say. One that is not there is waited for.
    pub further_spools: Vec<PathBuf>,
    /// Crashes that are carried side by side.
    pub workers: usize,
    /// Bytes of all crashes that are carried side by side, over all spools; of each spool one is
    /// always carried, however large.
    pub bytes_in_flight_max: u64,
    /// Time between two scans of the spool when nothing wakes us.
    pub scan_interval_ms: u64,
    /// Time that one crash may take; then it is let go and tried again later.
    pub carry_time_max_secs: u64,
    /// First wait after a failed try; it doubles with each further one.
    pub retry_wait_min_ms: u64,
    /// Longest wait between two tries.
    pub retry_wait_max_ms: u64,
    /// Monitors to tell what was stored, each as `http://host:port`.
    pub monitor_urls: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8301)),
            further_spools: Vec::new(),
            workers: 8,
            // DESIGN section 5: what may be under way to the store at once.
            bytes_in_flight_max: 64 << 20,
            scan_interval_ms: 1_000,
            carry_time_max_secs: 300,
            retry_wait_min_ms: 250,
            retry_wait_max_ms: 10_000,
            monitor_urls: Vec::new(),
        }
    }
}
