//! What can be set about a processor.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rule_set::Base;

/// The section `[processor]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it serves its version, heartbeat and metrics.
    pub admin_address: SocketAddr,
    /// Its name among the processors; empty for the machine's name. The process id is added.
    pub name: String,
    /// Stack walkers of the common lanes: one for each core.
    pub workers: usize,
    /// Stack walkers that serve nothing but crashes that somebody waits for.
    pub priority_workers: usize,
    /// Time until a job that nobody renews is given to another, in seconds.
    pub lease_secs: u64,
    /// Time between two signs of life, in seconds.
    pub heartbeat_secs: u64,
    /// Time between two looks for jobs when nobody hints, in milliseconds.
    pub poll_ms: u64,
    /// Time after which a job is given up, however often its lease was renewed, in seconds.
    pub job_time_max_secs: u64,
    /// The rules: the name of a list that comes with the program, or a file by its path.
    pub rules: String,
    /// Folders of symbols, asked in this order.
    pub symbols_dirs: Vec<PathBuf>,
    /// Folder of the indexes of symbols.
    pub symbols_cache_dir: PathBuf,
    /// Folder for dumps while they are walked, where the store has no file of them.
    pub temp_dir: PathBuf,
    /// The section `[processor.signature]`.
    pub signature: SignatureConfig,
}

/// The section `[processor.signature]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignatureConfig {
    /// In what style signatures are made.
    pub style: SignatureStyle,
    /// Folder of the site's lists, which lie over those that come with the program; empty for none.
    pub lists_dir: PathBuf,
    /// Folders of lists that lie over these for one product, each as `PRODUCT=DIR`.
    pub product_lists_dirs: Vec<String>,
}

/// In what style signatures are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureStyle {
    /// That of the list of rules that the crash goes through.
    #[default]
    #[serde(rename = "as-rules")]
    AsRules,
    /// Mozilla's of today.
    #[serde(rename = "today")]
    Today,
    /// Socorro's of 2012.
    #[serde(rename = "socorro-2012")]
    Socorro2012,
}

/// Jobs for each walker: a walk is a small part of a job, most of it is waiting for flushes.
const SLOTS_PER_WORKER: usize = 8;

impl Default for Config {
    fn default() -> Self {
        Self {
            admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8303)),
            name: String::new(),
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            priority_workers: 1,
            // Three renewals fit in; a killed processor's jobs come back within half a minute.
            lease_secs: 30,
            heartbeat_secs: 5,
            // Hints come at once; this is for those that get lost.
            poll_ms: 1_000,
            // Every dump of a crash may take the whole time of a walk, and Postgres may be away.
            job_time_max_secs: 900,
            rules: Base::default().as_str().to_owned(),
            symbols_dirs: vec![PathBuf::from("/var/lib/auxilio/symbols")],
            symbols_cache_dir: PathBuf::from("/var/cache/auxilio/symbols"),
            temp_dir: PathBuf::from("/tmp"),
            signature: SignatureConfig::default(),
        }
    }
}

impl Config {
    /// Jobs of the common lanes that run side by side: while one waits for the store or for
    /// Postgres, another keeps its walker busy.
    pub(crate) fn common_slots(&self) -> usize {
        self.workers.max(1) * SLOTS_PER_WORKER
    }

    /// The same for jobs that somebody waits for.
    pub(crate) fn priority_slots(&self) -> usize {
        self.priority_workers * SLOTS_PER_WORKER
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_secs.max(3))
    }

    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_secs.max(1))
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(10))
    }

    pub(crate) fn job_time_max(&self) -> Duration {
        Duration::from_secs(self.job_time_max_secs).max(self.lease())
    }
}
