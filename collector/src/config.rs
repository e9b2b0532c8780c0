//! What can be set about a collector.

use std::net::{Ipv4Addr, SocketAddr};

use auxilio_service::http::HEAD_TIME_MAX;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The section `[collector]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens.
    pub address: SocketAddr,
    /// SHA-256, as hexadecimal digits, of each token that lets a client choose crash ids.
    pub submitter_tokens: Vec<String>,
    /// Time for a request's head, in seconds; slower clients are cut.
    pub head_time_max_secs: u64,
    /// Time for a whole body, in seconds; slower clients are cut.
    pub body_time_max_secs: u64,
    /// Time without a byte of a body, in seconds, after which it is cut.
    pub body_stall_max_secs: u64,
    /// Time that the rest of a refused body is read for, in seconds, so that its sender sees the answer.
    pub drain_time_max_secs: u64,
    /// Submissions under way at once; more are told to come again.
    pub submissions_in_flight_max: u64,
    /// Bytes of their bodies, which lie unfinished on the disk; more are told to come again.
    pub bytes_in_flight_max: u64,
    /// Annotations that are dropped on arrival, by their exact names.
    pub removed_fields: Vec<String>,
    /// Networks of proxies whose header X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What is kept, and what not.
    pub throttle: ThrottleConfig,
    /// How much of it.
    pub quota: QuotaConfig,
}

/// The section `[collector.throttle]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleConfig {
    /// The rules: the name of a shipped set, or a file by its path.
    pub rules: String,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self { rules: "accept-all".into() }
    }
}

/// The section `[collector.quota]`. 0 is no bound.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// Submissions a minute of one client address, or of one /64 of IPv6.
    pub address_per_minute: u32,
    /// Kept crashes a minute of each product.
    pub product_per_minute: u32,
    /// Products with another quota, each as `PRODUCT=NUMBER`.
    pub products: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            submitter_tokens: Vec::new(),
            head_time_max_secs: HEAD_TIME_MAX.as_secs(),
            // 25 MiB over a slow mobile link.
            body_time_max_secs: 300,
            // A link that was lost for longer does not come back within the same connection.
            body_stall_max_secs: 60,
            drain_time_max_secs: 10,
            // Each costs a file, a connection and at most some 200 kB of memory.
            submissions_in_flight_max: 1_000,
            // 200 of the largest, and more.
            bytes_in_flight_max: 8 << 30,
            // Of what Mozilla's collector drops; the e-mail address is a protected field here, which
            // people fill in to be answered.
            removed_fields: ["TelemetryClientId", "TelemetryServerURL", "TelemetrySessionId"]
                .map(str::to_owned)
                .to_vec(),
            trusted_proxies: ["127.0.0.0/8", "::1/128"]
                .iter()
                .filter_map(|net| net.parse().ok())
                .collect(),
            throttle: ThrottleConfig::default(),
            quota: QuotaConfig::default(),
        }
    }
}
