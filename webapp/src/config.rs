//! The settings of the webapp.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The section `webapp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the pages are served.
    pub address: SocketAddr,
    /// Where the middleware answers, as `http://host:port`.
    pub middleware_url: String,
    /// Seconds that the middleware may take for one answer.
    pub middleware_time_max_secs: u64,
    /// The middleware's address as browsers reach it, for links to the JSON; empty for no links.
    pub api_link_url: String,
    /// Crashes on the front page.
    pub latest_count: u16,
    /// Report pages that are made at once: each may hold a crash of some MiB in memory.
    pub pages_at_once_max: usize,
    /// Hosts that source links may lead to; symbol files name others too, and anybody may make one.
    pub source_hosts: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            middleware_url: "http://127.0.0.1:8100".into(),
            middleware_time_max_secs: 20,
            api_link_url: String::new(),
            latest_count: 50,
            pages_at_once_max: 8,
            source_hosts: [
                "hg.mozilla.org",
                "github.com",
                "gitlab.com",
                "chromium.googlesource.com",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}
