//! The role: its loop, its hints, its upkeep and its admin pages, until the shell says stop.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashStore;
use auxilio_service::Shell;
use auxilio_service::http::{self, ListenError};
use auxilio_service::worker::{Bounds, drive};
use auxilio_spool::Ledger;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::carried::Carried;
use crate::hint::hints;
use crate::mover::{Carrying, Mover};
use crate::wanted::{self, CarryingWanted};
use crate::{CarriedSpool, Config};
use crate::{receipt, upkeep};

/// Why the crashmover can't run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to carry from.
    #[error("the crashmover has no spool")]
    NoSpool,
    /// The admin address is taken.
    #[error("serve the crashmover's admin pages")]
    Listen(#[source] ListenError),
}

/// Runs the crashmover on some spools until the shell says stop.
pub async fn run(
    config: Config,
    spools: Vec<CarriedSpool>,
    store: Arc<dyn CrashStore>,
    shell: Shell,
) -> Result<(), Error> {
    if spools.is_empty() {
        return Err(Error::NoSpool);
    }
    let own = spools.iter().filter(|spool| spool.is_own()).map(|spool| spool.source.clone());
    let ledger = Arc::new(Ledger::new(own.collect(), shell.role, Arc::clone(&shell.random)));
    let listener = http::listen(config.admin_address, &shell).await.map_err(Error::Listen)?;
    let bounds = Bounds {
        slots: config.workers,
        lease: Duration::from_secs(config.carry_time_max_secs),
        poll: Duration::from_millis(config.scan_interval_ms.max(10)),
    };
    let carried_spools = spools.clone();
    let spools: Vec<_> = spools
        .into_iter()
        .map(|spool| Arc::new(Carried::new(spool, bounds.poll, shell.clone())))
        .collect();
    let mut upkeep = JoinSet::new();
    for spool in &spools {
        upkeep.spawn(upkeep::run(Arc::clone(spool), shell.clone()));
    }
    let (hints, sender) = hints(&config.monitor_urls, &*shell.random);
    upkeep::settle_counts(&ledger).await;
    let counting = Arc::clone(&ledger);
    let mover = Arc::new(Mover::new(config, spools, store, ledger, shell.clone(), hints));
    watch_health(&mover);
    let carried = CancellationToken::new();
    let router = wanted::router(Arc::clone(&mover.wanted))
        .merge(receipt::router(&carried_spools, Arc::clone(&mover.remembered)));
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
        upkeep::keep_counts(counting, carried.clone()),
        async { while upkeep.join_next().await.is_some() {} },
        http::serve(listener, router, &shell),
    );
    Ok(())
}

fn watch_health(mover: &Mover) {
    let health = &mover.shell.health;
    health.depends_on_part("store", &mover.store, |store| async move { store.check().await });
    for (number, spool) in mover.spools.iter().enumerate() {
        let (asked, hands) = (Arc::clone(spool), Arc::clone(&mover.hands));
        health.depends_on(format!("spool {}", spool.name), move || {
            // Found by the scans: a disk that hangs must not hang a heartbeat too.
            let trouble = asked.trouble().or_else(|| {
                let (count, why) = hands.unopened(number)?;
                Some(format!("{count} of its files can't be opened, one of them: {why}"))
            });
            async move { trouble.map_or(Ok(()), Err) }
        });
    }
}
