//! The section `monitor` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When the monitor looks where. The defaults suit every size of installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where hints, heartbeats and metrics are served.
    pub admin_address: SocketAddr,
    /// Time between two scans of the recent part of the index.
    pub scan_recent_every_secs: u64,
    /// How far back the recent part reaches.
    pub scan_recent_reach_secs: u64,
    /// Time between two scans of the whole index.
    pub scan_all_every_secs: u64,
    /// Index rows that are queued at once.
    pub scan_batch_rows: usize,
    /// How long a new job is its owner's alone.
    pub assignment_hold_secs: u64,
    /// A processor without a sign of life for so long is dead; it gives one every few seconds.
    pub processor_dead_after_secs: u64,
    /// Crashmovers to tell which crashes somebody waits for, each as `http://host:port`.
    pub crashmover_urls: Vec<String>,
    /// How long a crash can lie in a spool: one that was asked for and has not come then never will.
    pub spool_age_max_secs: u64,
    /// Time between two sweeps of leases and processors.
    pub sweep_every_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8302)),
            scan_recent_every_secs: 30,
            scan_recent_reach_secs: 15 * 60,
            scan_all_every_secs: 10 * 60,
            scan_batch_rows: 500,
            assignment_hold_secs: 2,
            processor_dead_after_secs: 15,
            crashmover_urls: Vec::new(),
            spool_age_max_secs: 24 * 60 * 60,
            sweep_every_secs: 2,
        }
    }
}

impl Config {
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_secs(self.assignment_hold_secs)
    }

    pub(crate) fn dead_after(&self) -> Duration {
        at_least_a_second(self.processor_dead_after_secs)
    }

    pub(crate) fn recent_reach(&self) -> Duration {
        Duration::from_secs(self.scan_recent_reach_secs)
    }

    pub(crate) fn recent_every(&self) -> Duration {
        at_least_a_second(self.scan_recent_every_secs)
    }

    pub(crate) fn all_every(&self) -> Duration {
        at_least_a_second(self.scan_all_every_secs)
    }

    pub(crate) fn spool_age(&self) -> Duration {
        Duration::from_secs(self.spool_age_max_secs)
    }

    pub(crate) fn sweep_every(&self) -> Duration {
        at_least_a_second(self.sweep_every_secs)
    }
}

/// A zero would make a loop that never rests.
fn at_least_a_second(seconds: u64) -> Duration {
    Duration::from_secs(seconds.max(1))
}
