//! What is done beside carrying: counting the spool and removing its empty folders.

use std::sync::Arc;
use std::time::Duration;

use auxilio_service::metrics::{CRASHMOVER_OLDEST, CRASHMOVER_SPOOLED};
use auxilio_service::{Shell, error_chain};
use auxilio_spool::{Error, Lane, Spool};

/// Time between two counts, and at least so many times as long as a count takes.
const COUNT_EVERY: Duration = Duration::from_secs(5);
const COUNT_SHARE: u32 = 20;

/// Runs until the first stage of shutdown.
pub(crate) async fn run(spool: Arc<Spool>, shell: &Shell) {
    loop {
        let started = shell.clock.monotonic();
        let (counted, now) = (Arc::clone(&spool), shell.clock.now());
        let result = tokio::task::spawn_blocking(move || {
            counted.remove_old_folders()?;
            count(&counted, now)
        });
        match result.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = error_chain(&error), "the spool can't be counted");
            }
            Err(error) => tracing::error!(error = error_chain(&error), "counting the spool ended"),
        }
        let took = shell.clock.monotonic().saturating_sub(started);
        if !shell.shutdown.sleep(COUNT_EVERY.max(took.saturating_mul(COUNT_SHARE))).await {
            return;
        }
    }
}

fn count(spool: &Spool, now: auxilio_common::Timestamp) -> Result<(), Error> {
    let mut oldest = None;
    for lane in Lane::ALL {
        let depth = spool.depth(lane)?;
        CRASHMOVER_SPOOLED.set(depth.count as f64, &[lane.as_str()]);
        oldest = oldest.into_iter().chain(depth.oldest).min();
    }
    let age = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
    CRASHMOVER_OLDEST.set(age.as_secs_f64(), &[]);
    Ok(())
}
