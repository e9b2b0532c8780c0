//! The whole configuration: one section for each part, all in one file.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use crate::store::{Engine, Store};
use crate::up::full::{gateway_address, memcached_address};
use crate::up::secrets::Secrets;

/// Every key there is. Sections stand in the order in which a crash meets their parts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) log: auxilio_service::log::Config,
    pub(crate) service: Service,
    pub(crate) collector: auxilio_collector::Config,
    pub(crate) spool: auxilio_spool::Config,
    pub(crate) crashmover: auxilio_crashmover::Config,
    pub(crate) store: Store,
    pub(crate) disk_store: auxilio_disk_store::Config,
    pub(crate) hbase: auxilio_thrift::Config,
    pub(crate) database: auxilio_database::Config,
    pub(crate) monitor: auxilio_monitor::Config,
    pub(crate) processor: auxilio_processor::Config,
    pub(crate) middleware: auxilio_middleware::Config,
    pub(crate) webapp: auxilio_webapp::Config,
    pub(crate) cron: auxilio_cron::Config,
}

/// The section `[service]`: what all roles share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    /// Seconds from the first signal until what is still held is cut.
    pub(crate) shutdown_deadline_secs: u64,
}

impl Default for Service {
    fn default() -> Self {
        // A walk may take 20 s; systemd kills after 90.
        Self { shutdown_deadline_secs: 30 }
    }
}

impl Config {
    /// The configuration of an embedded installation in a folder, its ports moved by an offset.
    pub(crate) fn embedded(dir: &Path, port_offset: u16) -> Self {
        let mut config = Self::default();
        for address in config.addresses_mut() {
            address.set_port(address.port() + port_offset);
        }
        config.database.port += port_offset;
        config.crashmover.monitor_urls = vec![format!("http://{}", config.monitor.admin_address)];
        config.monitor.crashmover_urls =
            vec![format!("http://{}", config.crashmover.admin_address)];
        config.middleware.crashmover_urls.clone_from(&config.monitor.crashmover_urls);
        config.webapp.middleware_url = format!("http://{}", config.middleware.address);
        config.webapp.api_link_url.clone_from(&config.webapp.middleware_url);
        config.cron.report_url = format!("http://{}/report/index/", config.webapp.address);
        config.cron.extracts_dir = dir.join("extracts");
        let secrets = Secrets::of(dir);
        config.database.password_file = Some(secrets.postgres_password);
        config.middleware.admin_token_file = Some(secrets.admin_token);
        config.spool.dir = dir.join("spool");
        config.disk_store.dir = dir.join("store");
        config.processor.symbols_dirs = vec![dir.join("symbols")];
        config.processor.symbols_cache_dir = dir.join("symbols_cache");
        config
    }

    /// Moves it to what the full topology has in place of the embedded parts.
    pub(crate) fn use_full_topology(&mut self, port_offset: u16) {
        self.middleware.memcached_servers = vec![memcached_address(port_offset).to_string()];
        self.store.engine = Engine::Hbase;
        self.hbase.gateways = vec![gateway_address(port_offset).to_string()];
    }

    /// Every address that the roles listen on, with its role's name.
    pub(crate) fn addresses(&self) -> [(&'static str, SocketAddr); 7] {
        [
            ("collector", self.collector.address),
            ("crashmover", self.crashmover.admin_address),
            ("monitor", self.monitor.admin_address),
            ("processor", self.processor.admin_address),
            ("middleware", self.middleware.address),
            ("webapp", self.webapp.address),
            ("cron", self.cron.admin_address),
        ]
    }

    fn addresses_mut(&mut self) -> [&mut SocketAddr; 7] {
        [
            &mut self.collector.address,
            &mut self.crashmover.admin_address,
            &mut self.monitor.admin_address,
            &mut self.processor.admin_address,
            &mut self.middleware.address,
            &mut self.webapp.address,
            &mut self.cron.admin_address,
        ]
    }

    /// What the types can't say.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for hash in &self.collector.submitter_tokens {
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            ensure!(
                is_hash,
                "collector.submitter_tokens holds SHA-256 hashes of 64 hexadecimal digits each"
            );
        }
        for entry in &self.collector.quota.products {
            auxilio_collector::read_product_quota(entry)?;
        }
        ensure!(
            self.spool.free_percent_min <= 100 && self.spool.free_inodes_percent_min <= 100,
            "spool.free_percent_min and spool.free_inodes_percent_min are percentages"
        );
        self.cron.check()?;
        let spools = [&self.spool.dir].into_iter().chain(&self.spool.fallback_dir);
        let spools: Vec<_> = spools.chain(&self.crashmover.further_spools).collect();
        for (place, dir) in spools.iter().enumerate() {
            ensure!(
                !spools[..place].contains(dir),
                "\"{}\" is named twice among spool.dir, spool.fallback_dir and crashmover.further_spools",
                dir.display()
            );
        }
        if self.store.engine == Engine::Hbase {
            self.hbase.check()?;
        }
        Ok(())
    }

    /// The configuration to show: hashes of tokens are left out.
    pub(crate) fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        for hash in &mut shown.collector.submitter_tokens {
            "(hidden)".clone_into(hash);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use auxilio_service::config as loader;
    use auxilio_service::environment::Environment;

    use super::*;

    #[test]
    fn every_default_is_a_key_that_can_be_read_back() {
        let text = loader::to_toml(&Config::default()).unwrap();
        let read: Config = loader::load(Some(&text), &Environment::default()).unwrap();
        assert_eq!(loader::to_toml(&read).unwrap(), text);
    }

    #[test]
    fn the_embedded_configuration_moves_every_port_and_stays_in_its_folder() {
        let config = Config::embedded(Path::new("/data"), 3_000);
        let ports: Vec<u16> =
            config.addresses().iter().map(|(_, address)| address.port()).collect();
        assert_eq!(ports, [11_000, 11_301, 11_302, 11_303, 11_100, 11_080, 11_304]);
        assert_eq!(config.database.port, 11_132);
        let text = loader::to_toml(&config).unwrap();
        assert!(!text.contains("/var/lib"), "{text}");
    }

    #[test]
    fn no_spool_is_carried_twice() {
        let mut config = Config::default();
        config.crashmover.further_spools = vec!["/mnt/one".into(), "/mnt/two".into()];
        config.check().unwrap();
        config.spool.fallback_dir = Some("/mnt/two".into());
        let said = config.check().unwrap_err().to_string();
        assert!(said.starts_with("\"/mnt/two\" is named twice"), "{said}");
    }

    #[test]
    fn a_quota_that_cant_be_read_is_named() {
        let mut config = Config::default();
        config.collector.quota.products = vec!["Big=10".into(), "a=b=0".into()];
        config.check().unwrap();
        for bad in ["Big", "Big=", "Big=-1", "Big=many"] {
            config.collector.quota.products = vec![bad.into()];
            let said = config.check().unwrap_err().to_string();
            assert!(said.contains(&format!("\"{bad}\"")), "{said}");
        }
    }

    #[test]
    fn a_token_in_clear_is_refused_and_a_hash_is_not_shown() {
        let mut config = Config::default();
        config.collector.submitter_tokens = vec!["secret".into()];
        assert!(config.check().is_err());
        config.collector.submitter_tokens = vec![auxilio_collector::hash_token("secret")];
        config.check().unwrap();
        let shown = loader::to_toml(&config.without_secrets()).unwrap();
        assert!(!shown.contains(&auxilio_collector::hash_token("secret")));
    }
}
