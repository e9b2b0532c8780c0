//! The processor as a role: its loops, signs of life and leases, until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use auxilio_common::{CrashStore, Lane};
use auxilio_database::Database;
use auxilio_service::worker::{Bounds, drive};
use auxilio_service::{Shell, http};
use auxilio_stackwalk::Pool;
use tokio::sync::Mutex;

use crate::alone::Alone;
use crate::config::Config;
use crate::error::Error;
use crate::job_run::JobRunner;
use crate::known_builds::KnownBuilds;
use crate::lane_work::{LaneWork, Serves};
use crate::leases::Leases;
use crate::registration::Registration;
use crate::rule_file;
use crate::saver::Saver;
use crate::signing::Signing;
use crate::store_gate::StoreGate;

/// Time for the good-bye.
const GOOD_BYE_TIME_MAX: Duration = Duration::from_secs(5);

/// Runs the processor until the shell says stop: it then takes nothing new, finishes what it holds
/// and says good-bye. Postgres and the store may be down at the start and at any time after it.
pub async fn run(
    config: Config,
    store: Arc<dyn CrashStore>,
    database: Database,
    pool: Pool,
    shell: Shell,
) -> Result<(), Error> {
    let rule_sets = Arc::new(rule_file::load(&config.rules)?);
    let signing = Arc::new(Signing::load(&config.signature)?);
    let listener = http::listen(config.admin_address, &shell).await?;
    declare_needs(&store, &database, &shell);
    let lanes = [Lane::Priority, Lane::Standard, Lane::Reprocess];
    let registration = Arc::new(Registration::new(name(&config), config.common_slots(), &lanes));
    let leases = Leases::default();
    let runner = Arc::new(JobRunner {
        config: config.clone(),
        name: registration.name().to_owned(),
        store,
        database: database.clone(),
        pool,
        gate: StoreGate::new(),
        saver: Saver::new(),
        rule_sets,
        signing,
        builds: KnownBuilds::default(),
        shell: shell.clone(),
    });
    let (hints, alone) = (database.listen(), Alone::default());
    let work = |serves| {
        Arc::new(LaneWork {
            serves,
            runner: Arc::clone(&runner),
            registration: Arc::clone(&registration),
            leases: leases.clone(),
            alone: alone.clone(),
            hints: Mutex::new(hints.clone()),
            takes: AtomicU64::new(0),
        })
    };
    let bounds = |slots| Bounds { slots, lease: config.job_time_max(), poll: config.poll() };
    let loops = async {
        let common = drive(work(Serves::All), bounds(config.common_slots()), &shell);
        let priority = async {
            if config.priority_workers > 0 {
                drive(work(Serves::Priority), bounds(config.priority_slots()), &shell).await;
            }
        };
        tokio::join!(common, priority, http::serve(listener, axum::Router::new(), &shell));
    };
    // Signs of life, renewals and saving go on until the last held job has ended.
    tokio::select! {
        () = loops => {}
        () = registration.keep(&database, config.heartbeat(), &shell) => {}
        () = leases.keep(&database, config.lease()) => {}
        () = runner.saver.keep(&database, &leases, &shell) => {}
    }
    // With Postgres away the leases run out instead: no stop waits for it.
    if tokio::time::timeout(GOOD_BYE_TIME_MAX, registration.leave(&database)).await.is_err() {
        tracing::warn!("no good-bye could be said in time");
    }
    Ok(())
}

fn declare_needs(store: &Arc<dyn CrashStore>, database: &Database, shell: &Shell) {
    shell.health.depends_on_part("store", store, |store| async move { store.check().await });
    shell.health.depends_on_part(
        "postgres",
        database,
        |database| async move { database.check().await },
    );
}

/// The name among the processors: who looks at the table wants to find the process.
fn name(config: &Config) -> String {
    let host = if config.name.is_empty() {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        host.trim().to_owned()
    } else {
        config.name.clone()
    };
    format!("{host}_{}", std::process::id())
}
