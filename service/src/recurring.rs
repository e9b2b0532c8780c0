//! Blocking work that is done again and again beside a role's own, and its trouble said once.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error_chain;

/// Does `work` every so often on a thread for blocking work, and once more when told that all has ended.
/// The same error twice in a row is logged once, under `trouble`.
pub async fn every<E: std::error::Error + Send + 'static>(
    interval: Duration,
    ended: CancellationToken,
    trouble: &'static str,
    work: impl Fn() -> Result<(), E> + Send + Sync + 'static,
) {
    let work = Arc::new(work);
    let mut said = None;
    loop {
        let is_last = ended.is_cancelled();
        let again = Arc::clone(&work);
        let error = match tokio::task::spawn_blocking(move || again()).await {
            Ok(done) => done.err().map(|error| error_chain(&error)),
            Err(error) => Some(error_chain(&error)),
        };
        if let Some(error) = error.as_ref().filter(|_| said != error) {
            tracing::warn!(error, "{trouble}");
        }
        said = error;
        if is_last {
            return;
        }
        tokio::select! {
            () = ended.cancelled() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_last_time_is_after_the_end() {
        let (ended, times) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let (token, counter) = (ended.clone(), Arc::clone(&times));
        let work = move || {
            // The end comes while the second one is under way: a third follows.
            if counter.fetch_add(1, Ordering::SeqCst) == 1 {
                token.cancel();
            }
            Err(std::io::Error::other("always"))
        };
        every(Duration::from_millis(1), ended, "it fails", work).await;
        assert_eq!(times.load(Ordering::SeqCst), 3);
    }
}
