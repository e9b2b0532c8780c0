//! The roles, each with the parts that it needs. This is the place that picks the store.

use std::sync::Arc;

use anyhow::ensure;
use auxilio_common::CrashStore;
use auxilio_database::{Database, DbRole};
use auxilio_disk_store::DiskStore;
use auxilio_service::Shell;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_spool::Spool;
use auxilio_stackwalk::{Pool, PoolOptions};

use crate::cli::Role;
use crate::config::Config;

/// What the roles of one process share.
pub(crate) struct Parts {
    config: Arc<Config>,
    store: Arc<dyn CrashStore>,
}

impl Parts {
    /// Opens the store. The spool and Postgres are opened by the roles that need them.
    pub(crate) fn open(config: Arc<Config>) -> Self {
        let store = open_store(&config);
        Self { config, store }
    }

    fn spool(&self) -> anyhow::Result<Arc<Spool>> {
        let config = self.config.spool.clone();
        Ok(Arc::new(Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom))?))
    }

    fn database(&self, role: DbRole) -> anyhow::Result<Database> {
        Ok(Database::connect(&self.config.database, role)?)
    }

    fn walkers(&self) -> Pool {
        let config = &self.config.processor;
        let mut options = PoolOptions::new(
            config.symbols_dirs.clone(),
            config.symbols_cache_dir.clone(),
            config.workers,
        );
        options.priority_workers = config.priority_workers;
        Pool::new(options)
    }
}

/// The store of a configuration.
fn open_store(config: &Config) -> Arc<dyn CrashStore> {
    Arc::new(DiskStore::new(config.disk_store.clone(), Arc::new(SystemRandom)))
}

/// The store of a configuration, for a verb: it must be there already.
pub(crate) fn find_store(config: &Config) -> anyhow::Result<Arc<dyn CrashStore>> {
    let dir = config.disk_store.dir.display();
    ensure!(DiskStore::is_there(&config.disk_store), "there is no store in \"{dir}\"");
    Ok(open_store(config))
}

/// Runs a role until its shell says stop.
pub(crate) async fn run(role: Role, parts: Arc<Parts>, shell: Shell) -> anyhow::Result<()> {
    let config = Arc::clone(&parts.config);
    let store = Arc::clone(&parts.store);
    match role {
        Role::Collector => {
            auxilio_collector::run(config.collector.clone(), parts.spool()?, shell).await?;
        }
        Role::Crashmover => {
            auxilio_crashmover::run(config.crashmover.clone(), parts.spool()?, store, shell)
                .await?;
        }
        Role::Monitor => {
            let database = parts.database(DbRole::Monitor)?;
            auxilio_monitor::run(config.monitor.clone(), store, database, shell).await?;
        }
        Role::Processor => {
            let database = parts.database(DbRole::Processor)?;
            auxilio_processor::run(
                config.processor.clone(),
                store,
                database,
                parts.walkers(),
                shell,
            )
            .await?;
        }
        Role::Middleware => {
            let database = parts.database(DbRole::Middleware)?;
            auxilio_middleware::run(config.middleware.clone(), store, database, shell).await?;
        }
        Role::Webapp => auxilio_webapp::run(config.webapp.clone(), shell).await?,
    }
    Ok(())
}
