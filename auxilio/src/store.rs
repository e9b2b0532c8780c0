//! The store: which one a configuration picks. No other place knows that there are two.

mod observer;

use std::sync::Arc;

use anyhow::{Context, ensure};
use auxilio_common::CrashStore;
use auxilio_disk_store::DiskStore;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_thrift::{Client, HbaseStore};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// The section `[store]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    /// Where crashes live.
    pub(crate) engine: Engine,
}

/// The stores that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Engine {
    /// Local files, by the section `[disk_store]`.
    #[default]
    Disk,
    /// HBase behind its Thrift gateway, by the section `[hbase]`.
    Hbase,
}

/// The store of a configuration. Nothing is connected yet.
pub(crate) fn open(config: &Config) -> anyhow::Result<Arc<dyn CrashStore>> {
    Ok(match config.store.engine {
        Engine::Disk => Arc::new(DiskStore::new(config.disk_store.clone(), Arc::new(SystemRandom))),
        Engine::Hbase => Arc::new(hbase(config)?),
    })
}

/// The store of a configuration, for a verb: it must be there already.
pub(crate) fn find(config: &Config) -> anyhow::Result<Arc<dyn CrashStore>> {
    if config.store.engine == Engine::Disk {
        let dir = config.disk_store.dir.display();
        ensure!(DiskStore::is_there(&config.disk_store), "there is no store in \"{dir}\"");
    }
    open(config)
}

/// Makes the tables of a private HBase at its first start.
pub(crate) async fn make_missing_tables(config: &Config) -> anyhow::Result<()> {
    hbase(config)?.make_missing_tables().await.context("HBase's tables can't be made")
}

/// The store in HBase, whichever one is picked.
pub(crate) fn hbase(config: &Config) -> anyhow::Result<HbaseStore> {
    let clock = Arc::new(SystemClock::start());
    let observer = Arc::new(observer::Metrics);
    let client = Client::new(&config.hbase, clock, Arc::new(SystemRandom), observer)?;
    Ok(HbaseStore::new(client))
}
