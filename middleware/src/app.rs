//! What every request is answered from.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashStore;
use auxilio_database::Database;
use auxilio_service::Shell;
use tokio::sync::Semaphore;

use crate::{AdminToken, Config};

/// The parts behind the interface. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) database: Database,
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
            database,
            admin,
            store_time_max: Duration::from_secs(config.store_time_max_secs),
            crashes: Arc::new(Semaphore::new(config.crashes_at_once_max.max(1))),
            shell,
        }
    }
}
