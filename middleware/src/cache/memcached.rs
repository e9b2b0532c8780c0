//! The cache in memcached: each key has its server, and each server its own way to be down.

use std::time::Duration;

use auxilio_service::Shell;
use bytes::Bytes;
use memcache::exp::{Rendezvous, Router as _};

use super::Found;
use super::key::Key;
use super::server::Server;
use crate::Config;

/// The servers.
pub(super) struct Memcached {
    servers: Vec<Server>,
    addresses: Vec<String>,
    router: Rendezvous,
}

impl Memcached {
    pub(super) fn new(config: &Config, shell: &Shell) -> Self {
        let time_max = Duration::from_millis(config.memcached_time_max_millis.max(1));
        let addresses = config.memcached_servers.clone();
        let servers = addresses.iter().map(|address| Server::new(address, time_max, shell));
        Self { servers: servers.collect(), addresses, router: Rendezvous::new() }
    }

    pub(super) async fn get(&self, key: Key) -> Found {
        let name = key.to_string();
        match self.server(&name) {
            Some(server) => server.get(&name).await,
            None => Found::Skipped,
        }
    }

    /// Keeps a value for `time`, in whole seconds. Answers what became of it, for the metric.
    pub(super) async fn set(&self, key: Key, value: &Bytes, time: Duration) -> &'static str {
        let name = key.to_string();
        match self.server(&name) {
            Some(server) => server.set(&name, value, time).await,
            None => "skipped",
        }
    }

    fn server(&self, name: &str) -> Option<&Server> {
        self.servers.get(self.router.route(name.as_bytes(), &self.addresses))
    }
}
