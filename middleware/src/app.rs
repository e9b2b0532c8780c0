//! What every request is answered from.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashStore;
use auxilio_database::Database;
use auxilio_service::Shell;
use ipnet::IpNet;
use tokio::sync::Semaphore;

use crate::cache::Cache;
use crate::crashmovers::Crashmovers;
use crate::rows::Rows;
use crate::{AdminToken, Config};

/// The parts behind the interface. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) database: Database,
    pub(crate) rows: Rows,
    pub(crate) cache: Cache,
    /// How long a processed crash is kept in the cache.
    pub(crate) processed_kept: Duration,
    /// How long a list is kept in the cache.
    pub(crate) lists_kept: Duration,
    /// How long a crash may lie in a spool.
    pub(crate) spool_age_max: Duration,
    /// Who knows what is in the spools.
    pub(crate) crashmovers: Crashmovers,
    /// Whose word about the client's address is taken.
    pub(crate) trusted_proxies: Arc<[IpNet]>,
    pub(crate) admin: Option<AdminToken>,
    pub(crate) store_time_max: Duration,
    /// One permit for each crash in memory.
    pub(crate) crashes: Arc<Semaphore>,
    pub(crate) shell: Shell,
}

impl App {
    /// Puts the parts together, and tells the heartbeat what they depend on.
    pub fn new(
        config: &Config,
        store: Arc<dyn CrashStore>,
        database: Database,
        admin: Option<AdminToken>,
        shell: Shell,
    ) -> Self {
        shell.health.depends_on_part("store", &store, |store| async move { store.check().await });
        shell.health.depends_on_part("postgres", &database, |database| async move {
            database.check().await
        });
        Self {
            store,
            rows: Rows::new(database.clone(), Arc::clone(&shell.clock)),
            cache: Cache::new(config, &shell),
            processed_kept: Duration::from_secs(config.cache_processed_secs),
            lists_kept: Duration::from_secs(config.cache_lists_secs),
            spool_age_max: Duration::from_hours(24 * u64::from(config.spool_days_max)),
            crashmovers: Crashmovers::new(&config.crashmover_urls),
            trusted_proxies: config.trusted_proxies.clone().into(),
            database,
            admin,
            store_time_max: Duration::from_secs(config.store_time_max_secs),
            crashes: Arc::new(Semaphore::new(config.crashes_at_once_max.max(1))),
            shell,
        }
    }
}
