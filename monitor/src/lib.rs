//! The monitor: finds new crashes in the store, queues and assigns them, and takes back what dead
//! processors held.
//!
//! Several may run; an advisory lock in Postgres picks the active one and the others stand by.
//! What the active one does, side by side:
//! - hints: a crashmover says which index rows it has just written; they are queued at once;
//! - scans of the unprocessed index, for whatever a lost hint left behind;
//! - crashes that somebody asked for before the store had them: it looks for them in the store and
//!   tells the crashmovers to carry them next;
//! - upkeep: expired leases, dead processors, partitions ahead, and how long the queue is.
//!
//! A crash goes from the index to the queue in one order: its job is inserted, then its index row
//! is removed. Stopped anywhere in between, the next scan does the rest, and doing it twice is the
//! same as once.
//!
//! This crate does not process anything, does not touch raw or processed crashes, and is not needed
//! for processors to go on with what is queued. Without Postgres or the store it waits; it never
//! exits for want of one.

mod active;
mod admin;
mod config;
mod depths;
mod hint;
mod intake;
mod scan;
mod upkeep;
mod waiting;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashStore;
use auxilio_database::Database;
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain, http, metrics};

pub use crate::config::Config;
pub use crate::hint::{Hint, HintEntry};

use crate::active::Active;
use crate::hint::Inbox;
use crate::intake::Intake;
use crate::wanted::Wanted;

/// How often a monitor that stands by asks for the lead.
const STANDBY_PAUSE: Duration = Duration::from_secs(2);

/// The longest wait between two tries to reach Postgres.
const CONNECT_PAUSE_MAX: Duration = Duration::from_secs(10);

/// Why the monitor could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin address can't be listened on.
    #[error("can't serve the monitor's admin address")]
    Listen(#[from] http::ListenError),
}

/// Runs the role until the first stage of shutdown.
pub async fn run(
    config: Config,
    store: Arc<dyn CrashStore>,
    database: Database,
    shell: Shell,
) -> Result<(), Error> {
    let listener = http::listen(config.admin_address, &shell).await?;
    declare_health(&store, &database, &shell);
    let inbox = Arc::new(Inbox::default());
    let router = admin::router(Arc::clone(&inbox), database.clone());
    let server = {
        let shell = shell.clone();
        tokio::spawn(async move { http::serve(listener, router, &shell).await })
    };
    let intake = Intake::new(store, database, &config);
    lead_or_stand_by(&config, &intake, &inbox, &shell).await;
    if let Err(error) = server.await {
        tracing::error!(error = error_chain(&error), "the admin server failed");
    }
    Ok(())
}

fn declare_health(store: &Arc<dyn CrashStore>, database: &Database, shell: &Shell) {
    shell.health.depends_on_part("store", store, |store| async move { store.check().await });
    shell.health.depends_on_part(
        "postgres",
        database,
        |database| async move { database.check().await },
    );
}

/// Is active while it holds the lead, and asks for it while it does not.
async fn lead_or_stand_by(config: &Config, intake: &Intake, inbox: &Inbox, shell: &Shell) {
    let mut backoff = Backoff::new(Duration::from_millis(200), CONNECT_PAUSE_MAX);
    let wanted = Wanted::new(&config.crashmover_urls);
    metrics::MONITOR_ACTIVE.set(0.0, &[]);
    while !shell.shutdown.stopping() {
        let pause = match intake.database().try_lead().await {
            Ok(Some(lead)) => {
                backoff.reset();
                tracing::info!("this monitor is active now");
                metrics::MONITOR_ACTIVE.set(1.0, &[]);
                Active { config, intake, inbox, wanted: &wanted, shell }.run(&lead).await;
                depths::show(&[], shell.clock.now());
                metrics::MONITOR_ACTIVE.set(0.0, &[]);
                Duration::ZERO
            }
            Ok(None) => {
                backoff.reset();
                STANDBY_PAUSE
            }
            Err(error) => {
                let pause = backoff.next(&*shell.random);
                tracing::warn!(error = error_chain(&error), "the database can't be reached");
                pause
            }
        };
        shell.shutdown.sleep(pause).await;
    }
}
