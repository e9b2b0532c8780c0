//! What is done in each spool beside carrying: counting it and removing its empty folders.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::Timestamp;
use auxilio_service::metrics::{
    CRASHMOVER_OLDEST, CRASHMOVER_QUARANTINED, CRASHMOVER_SPOOL_BYTES, CRASHMOVER_SPOOL_FREE,
    CRASHMOVER_SPOOLED,
};
use auxilio_service::{Shell, error_chain, recurring};
use auxilio_spool::{Depths, Error, Lane, Ledger, Room};
use tokio_util::sync::CancellationToken;

use crate::carried::Carried;

/// Time between two counts, and at least so many times as long as a count takes.
const COUNT_EVERY: Duration = Duration::from_secs(5);
const COUNT_SHARE: u32 = 20;

/// Time between two writes of counts, and for the first one: a disk that hangs holds up no other spool.
const COUNTS_EVERY: Duration = Duration::from_secs(1);
const FIRST_COUNTS_TIME_MAX: Duration = Duration::from_secs(5);

/// Settles what dead crashmovers counted, before a file is gone for another reason than theirs.
pub(crate) async fn settle_counts(ledger: &Arc<Ledger>) {
    let ledger = Arc::clone(ledger);
    let first = tokio::task::spawn_blocking(move || ledger.flush());
    // What goes wrong is said by the next one.
    let _ = tokio::time::timeout(FIRST_COUNTS_TIME_MAX, first).await;
}

/// Writes counts until it is told that the last crash is carried.
pub(crate) async fn keep_counts(ledger: Arc<Ledger>, carried: CancellationToken) {
    let trouble = "counts can't be written: they wait in memory";
    recurring::every(COUNTS_EVERY, carried, trouble, move || ledger.flush()).await;
}

/// Looks after one spool until the first stage of shutdown. A disk that hangs holds up nobody else.
pub(crate) async fn run(spool: Arc<Carried>, shell: Shell) {
    let depths = Arc::new(Mutex::new(Depths::default()));
    loop {
        let started = shell.clock.monotonic();
        let (counted, now, known) = (Arc::clone(&spool), shell.clock.now(), Arc::clone(&depths));
        let counting = tokio::task::spawn_blocking(move || {
            look_after(&counted, &mut known.lock().unwrap_or_else(PoisonError::into_inner), now)
        });
        let result = tokio::select! {
            result = counting => result,
            () = shell.shutdown.soft().cancelled() => return,
        };
        let name = &spool.name;
        match result {
            Ok(Ok(())) => {}
            // Said already, by those who carry.
            Ok(Err(_)) if spool.trouble().is_some() => {}
            Ok(Err(error)) => {
                let error = error_chain(&error);
                tracing::warn!(spool = name, error, "a spool can't be counted");
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(spool = name, error, "counting a spool ended");
            }
        }
        let took = shell.clock.monotonic().saturating_sub(started);
        if !shell.shutdown.sleep(COUNT_EVERY.max(took.saturating_mul(COUNT_SHARE))).await {
            return;
        }
    }
}

/// Counts, and removes what is empty and old, whatever became of the count.
fn look_after(spool: &Carried, depths: &mut Depths, now: Timestamp) -> Result<(), Error> {
    // An absent spool is not empty: what was counted last stays.
    spool.source.check_readable()?;
    let counted = count(spool, depths, now);
    counted.and(spool.source.remove_old_folders().map(drop))
}

fn count(spool: &Carried, depths: &mut Depths, now: Timestamp) -> Result<(), Error> {
    let (name, source) = (spool.name.as_str(), &spool.source);
    let mut oldest = None;
    for lane in Lane::ALL {
        let depth = depths.lane(source, lane)?;
        CRASHMOVER_SPOOLED.set(depth.count as f64, &[name, lane.as_str()]);
        CRASHMOVER_SPOOL_BYTES.set(depth.bytes as f64, &[name, lane.as_str()]);
        oldest = oldest.into_iter().chain(depth.oldest).min();
    }
    let age = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
    CRASHMOVER_OLDEST.set(age.as_secs_f64(), &[name]);
    CRASHMOVER_QUARANTINED.set(depths.quarantine(source).count as f64, &[name]);
    CRASHMOVER_SPOOL_FREE.set(Room::of(source.dir())?.free_bytes as f64, &[name]);
    Ok(())
}
