//! The section `cron` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What runs when, and where it reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where heartbeats, metrics and the state of the jobs are served.
    pub admin_address: SocketAddr,
    /// Schedules that are not the default, each as `job = minute hour day month weekday`, or `job = off`.
    /// Weekdays are names. Times are UTC.
    pub schedules: Vec<String>,
    /// What a job waits for where it is not the default, each as `job = other,other`.
    pub depends_on: Vec<String>,
    /// How long a job may take where it is not the default, each as `job = seconds`.
    pub timeouts: Vec<String>,
    /// Jobs that one process runs side by side.
    pub slots: usize,
    /// Time between two looks at what is due.
    pub poll_secs: u64,
    /// How long a slot stays taken after the last sign of life of whoever took it.
    pub lease_secs: u64,
    /// The wait after the first failure of a slot; it doubles with each further one.
    pub retry_first_secs: u64,
    /// The longest wait after a failure.
    pub retry_longest_secs: u64,
    /// Where the daily extracts are written.
    pub extracts_dir: PathBuf,
    /// Products of the daily extracts; empty means all.
    pub extract_products: Vec<String>,
    /// What comes before a crash id in the extracts' third column.
    pub report_url: String,
    /// A folder of `.csv` files of builds to read in.
    #[serde(with = "auxilio_common::optional_path")]
    pub builds_dir: Option<PathBuf>,
    /// A folder of `.csv` files of active daily users to read in.
    #[serde(with = "auxilio_common::optional_path")]
    pub adu_dir: Option<PathBuf>,
    /// Weeks that reports are kept: a week goes, whole, once so many have passed since its end; 0 keeps
    /// all for ever.
    pub keep_weeks: u32,
    /// Days that runs, server status and the outcomes of jobs are kept.
    pub keep_runs_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8304)),
            schedules: Vec::new(),
            depends_on: Vec::new(),
            timeouts: Vec::new(),
            slots: 4,
            poll_secs: 5,
            lease_secs: 30,
            retry_first_secs: 10,
            retry_longest_secs: 15 * 60,
            extracts_dir: "/var/lib/auxilio/extracts".into(),
            extract_products: Vec::new(),
            report_url: "http://127.0.0.1:8080/report/index/".into(),
            builds_dir: None,
            adu_dir: None,
            keep_weeks: 0,
            keep_runs_days: 90,
        }
    }
}

/// An entry of the section that can't be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cron.{key} has the entry \"{entry}\": {what}")]
pub struct ConfigError {
    /// The key.
    pub key: &'static str,
    /// The entry as it was written.
    pub entry: String,
    /// What is wrong with it.
    pub what: String,
}

impl Config {
    /// Whether the entries about jobs can be followed.
    pub fn check(&self) -> Result<(), ConfigError> {
        crate::table::jobs(self).map(drop)
    }
}
