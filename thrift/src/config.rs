//! Where the gateways are and how they are spoken with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::gateway::Gateways;
use crate::transport::Transport;

/// How values are encoded. It must be the gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Thrift's binary protocol, strict.
    Binary,
    /// Thrift's compact protocol.
    Compact,
}

/// The section `[hbase]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Gateways of one cluster, each `host:port`. Names are looked up afresh for each connection.
    pub gateways: Vec<String>,
    /// How the gateways frame their messages.
    pub transport: Transport,
    /// How the gateways encode them.
    pub protocol: Protocol,
    /// What stands before the name of each table: a prefix, or a namespace with its colon.
    pub table_prefix: String,
    /// Calls at once while all is well. A gateway keeps a thread for each connection.
    pub connections: usize,
    /// Time for a connection, look-up and first question included, in seconds.
    pub connect_timeout_secs: u64,
    /// Time for one call, in seconds. Longer than the gateway's own, so that errors have a reason.
    pub call_timeout_secs: u64,
    /// Time that a call may wait for its turn, in seconds.
    pub queue_timeout_secs: u64,
    /// Bytes of one request that the gateway takes; 0 is what such gateways take by default.
    pub request_bytes_max: usize,
    /// Bytes of all requests and answers under way together.
    pub in_flight_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gateways: vec!["127.0.0.1:9090".to_owned()],
            transport: Transport::Buffered,
            protocol: Protocol::Binary,
            table_prefix: String::new(),
            connections: 8,
            connect_timeout_secs: 5,
            call_timeout_secs: 40,
            queue_timeout_secs: 20,
            request_bytes_max: 0,
            in_flight_bytes_max: 64 * MIB,
        }
    }
}

const MIB: usize = 1024 * 1024;

/// What a framed gateway takes by default is 2 MB, and it hangs up without a word beyond it.
const FRAMED_REQUEST_BYTES: usize = 3 * MIB / 2;

/// A gateway without frames takes 100 MiB for each text; nothing here needs so much.
const BUFFERED_REQUEST_BYTES: usize = 64 * MIB;

/// The least that all calls together may hold: a chunk of about 1 MiB for each lane.
const IN_FLIGHT_BYTES_LEAST: usize = 16 * MIB;

/// The least that one request may have: the cells of a crash that go in one call have not more.
const REQUEST_BYTES_LEAST: usize = MIB;

impl Config {
    /// Says what is wrong with it, as far as that can be told without a gateway.
    pub fn check(&self) -> Result<(), Error> {
        Gateways::parse(&self.gateways)?;
        for (key, value, least) in [
            ("hbase.connections", self.connections, 1),
            ("hbase.in_flight_bytes_max", self.in_flight_bytes_max, IN_FLIGHT_BYTES_LEAST),
            ("hbase.request_bytes_max", self.request_bytes(), REQUEST_BYTES_LEAST),
        ] {
            if value < least {
                return Err(Error::TooSmall { key, least });
            }
        }
        Ok(())
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_secs.max(1))
    }

    pub(crate) fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout_secs.max(1))
    }

    pub(crate) fn queue_timeout(&self) -> Duration {
        Duration::from_secs(self.queue_timeout_secs.max(1))
    }

    /// Bytes that one request may have.
    pub(crate) fn request_bytes(&self) -> usize {
        match (self.request_bytes_max, self.transport) {
            (0, Transport::Framed) => FRAMED_REQUEST_BYTES,
            (0, Transport::Buffered) => BUFFERED_REQUEST_BYTES,
            (bytes, _) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_told_without_a_gateway_is_told() {
        Config::default().check().unwrap();
        Config { transport: Transport::Framed, ..Config::default() }.check().unwrap();
        for (key, config) in [
            ("gateway", Config { gateways: Vec::new(), ..Config::default() }),
            ("\"nowhere\"", Config { gateways: vec!["nowhere".to_owned()], ..Config::default() }),
            ("hbase.connections", Config { connections: 0, ..Config::default() }),
            ("hbase.in_flight", Config { in_flight_bytes_max: MIB, ..Config::default() }),
            ("hbase.request", Config { request_bytes_max: 1_000, ..Config::default() }),
        ] {
            let error = config.check().unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
