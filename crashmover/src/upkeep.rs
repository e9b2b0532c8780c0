//! What is done in each spool beside carrying: counting it and removing its empty folders.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Timestamp;
use auxilio_service::metrics::{CRASHMOVER_OLDEST, CRASHMOVER_QUARANTINED, CRASHMOVER_SPOOLED};
use auxilio_service::{Shell, error_chain};
use auxilio_spool::{Error, Lane};

use crate::carried::Carried;

/// Time between two counts, and at least so many times as long as a count takes.
const COUNT_EVERY: Duration = Duration::from_secs(5);
const COUNT_SHARE: u32 = 20;

/// Looks after one spool until the first stage of shutdown. A disk that hangs holds up nobody else.
pub(crate) async fn run(spool: Arc<Carried>, shell: Shell) {
    loop {
        let started = shell.clock.monotonic();
        let (counted, now) = (Arc::clone(&spool), shell.clock.now());
        let counting = tokio::task::spawn_blocking(move || count(&counted, now));
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

fn count(spool: &Carried, now: Timestamp) -> Result<(), Error> {
    let (name, source) = (spool.name.as_str(), &spool.source);
    // An absent spool is not empty: what was counted last stays.
    source.check_readable()?;
    let mut oldest = None;
    for lane in Lane::ALL {
        let depth = source.depth(lane)?;
        CRASHMOVER_SPOOLED.set(depth.count as f64, &[name, lane.as_str()]);
        oldest = oldest.into_iter().chain(depth.oldest).min();
    }
    let age = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
    CRASHMOVER_OLDEST.set(age.as_secs_f64(), &[name]);
    CRASHMOVER_QUARANTINED.set(source.quarantined()? as f64, &[name]);
    source.remove_old_folders().map(drop)
}
