//! The role: its loop, its hints, its upkeep and its admin pages, until the shell says stop.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashStore;
use auxilio_service::Shell;
use auxilio_service::http::{self, ListenError};
use auxilio_service::worker::{Bounds, drive};
use auxilio_spool::Spool;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::hint::hints;
use crate::mover::{Carrying, Mover};
use crate::upkeep;
use crate::wanted::{self, CarryingWanted};

/// Why the crashmover can't run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin address is taken.
    #[error("serve the crashmover's admin pages")]
    Listen(#[source] ListenError),
}

/// Runs the crashmover until the shell says stop.
pub async fn run(
    config: Config,
    spool: Arc<Spool>,
    store: Arc<dyn CrashStore>,
    shell: Shell,
) -> Result<(), Error> {
    let listener = http::listen(config.admin_address, &shell).await.map_err(Error::Listen)?;
    watch_health(&spool, &store, &shell);
    let bounds = Bounds {
        slots: config.workers,
        lease: Duration::from_secs(config.carry_time_max_secs),
        poll: Duration::from_millis(config.scan_interval_ms.max(10)),
    };
    let (hints, sender) = hints(&config.monitor_urls, &*shell.random);
    let mover = Arc::new(Mover::new(config, Arc::clone(&spool), store, shell.clone(), hints));
    let carried = CancellationToken::new();
    let router = wanted::router(Arc::clone(&mover.wanted));
    let for_wanted = Bounds { slots: wanted::SLOTS, ..bounds };
    let carrying = async {
        tokio::join!(
            drive(Arc::new(CarryingWanted(Arc::clone(&mover))), for_wanted, &shell),
            drive(Arc::new(Carrying(mover)), bounds, &shell),
        );
        carried.cancel();
    };
    tokio::join!(
        carrying,
        sender.run(carried.clone()),
        upkeep::run(spool, &shell),
        http::serve(listener, router, &shell),
    );
    Ok(())
}

fn watch_health(spool: &Arc<Spool>, store: &Arc<dyn CrashStore>, shell: &Shell) {
    shell.health.depends_on_part("store", store, |store| async move { store.check().await });
    shell.health.depends_on_part("spool", spool, |spool| async move { spool.check_room() });
}
