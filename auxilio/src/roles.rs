//! The roles, each with the parts that it needs.

use std::sync::Arc;

use auxilio_common::{Clock, CrashStore};
use auxilio_crashmover::carried_spools;
use auxilio_database::{Database, DbRole};
use auxilio_service::Shell;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_spool::Spool;
use auxilio_stackwalk::{Pool, PoolOptions};

use crate::cli::Role;
use crate::config::Config;
use crate::store;
use crate::verbs::reconcile::Forgotten;

/// What the roles of one process share.
pub(crate) struct Parts {
    config: Arc<Config>,
    store: Arc<dyn CrashStore>,
}

impl Parts {
    /// Opens the store. The spool and Postgres are opened by the roles that need them.
    pub(crate) fn open(config: Arc<Config>) -> anyhow::Result<Self> {
        let store = store::open(&config)?;
        Ok(Self { config, store })
    }

    fn spool(&self) -> anyhow::Result<Arc<Spool>> {
        let config = self.config.spool.clone();
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom))?;
        for trouble in spool.trouble_at_opening() {
            let error = auxilio_service::error_chain(trouble);
            tracing::error!(error, "a folder of the spool can't be used now; the other one is");
        }
        Ok(Arc::new(spool))
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

/// Runs a role until its shell says stop.
pub(crate) async fn run(role: Role, parts: Arc<Parts>, shell: Shell) -> anyhow::Result<()> {
    let config = Arc::clone(&parts.config);
    let store = Arc::clone(&parts.store);
    match role {
        Role::Collector => {
            auxilio_collector::run(config.collector.clone(), parts.spool()?, shell).await?;
        }
        Role::Crashmover => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
            let spools = carried_spools(&config.spool, &config.crashmover, &clock);
            let primary = spools[0].source.clone();
            // The collector may start later. What can't be made is said by the first scan.
            let _ = tokio::task::spawn_blocking(move || primary.make()).await;
            auxilio_crashmover::run(config.crashmover.clone(), spools, store, shell).await?;
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
        Role::Cron => {
            let database = parts.database(DbRole::Cron)?;
            let bring_back = Arc::new(Forgotten::of(store, database.clone()));
            auxilio_cron::run(config.cron.clone(), database, bring_back, shell).await?;
        }
    }
    Ok(())
}
