//! The settings of the middleware.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
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
    /// Days before today whose crashes may still wait in a spool: who asks for a younger id that the
    /// store lacks is told to wait.
    pub spool_days_max: u16,
    /// Crashmovers to ask where in the spools a crash is, each as `http://host:port`.
    pub crashmover_urls: Vec<String>,
    /// Networks of proxies whose header X-Forwarded-For is believed; the webapp is one.
    pub trusted_proxies: Vec<IpNet>,
    /// Servers of memcached, each as `host:port`; empty: the cache is in this process.
    pub memcached_servers: Vec<String>,
    /// What sets the keys of this installation apart from those of others on the same servers.
    pub memcached_namespace: String,
    /// Milliseconds that memcached may take for one answer; after one that is late it is left alone
    /// until it answers again.
    pub memcached_time_max_millis: u64,
    /// Bytes of the cache in this process.
    pub cache_bytes_max: u64,
    /// Answers in the cache in this process.
    pub cache_entries_max: usize,
    /// Bytes of one answer in the cache, compressed: by default what memcached takes.
    pub cache_value_bytes_max: usize,
    /// Seconds that a processed crash is kept in the cache; 0: not at all.
    pub cache_processed_secs: u64,
    /// Seconds that a list of crashes is kept in the cache, and so may be behind; 0: not at all.
    pub cache_lists_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8100)),
            admin_token_file: None,
            store_time_max_secs: 15,
            crashes_at_once_max: 16,
            spool_days_max: 1,
            crashmover_urls: Vec::new(),
            trusted_proxies: ["127.0.0.0/8", "::1/128"]
                .iter()
                .filter_map(|net| net.parse().ok())
                .collect(),
            memcached_servers: Vec::new(),
            memcached_namespace: "auxilio".into(),
            memcached_time_max_millis: 40,
            cache_bytes_max: 32 << 20,
            cache_entries_max: 4_096,
            cache_value_bytes_max: 1_000_000,
            cache_processed_secs: 600,
            cache_lists_secs: 1,
        }
    }
}
