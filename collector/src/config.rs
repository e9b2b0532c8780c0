//! What can be set about a collector.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The section `[collector]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens.
    pub address: SocketAddr,
    /// SHA-256, as hexadecimal digits, of each token that lets a client choose crash ids.
    pub submitter_tokens: Vec<String>,
    /// Time for a whole body, in seconds; slower clients are cut.
    pub body_time_max_secs: u64,
    /// Time that the rest of a refused body is read for, in seconds, so that its sender sees the answer.
    pub drain_time_max_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            submitter_tokens: Vec::new(),
            // 25 MiB over a slow mobile link.
            body_time_max_secs: 300,
            drain_time_max_secs: 10,
        }
    }
}
