//! Whether the store can be worked with: while it is down nothing is taken, so that jobs stay
//! where another processor may find them, and none is counted as failed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use auxilio_common::storage::ErrorClass;
use auxilio_common::{Clock, CrashStore, StoreError};

/// How long a good answer is believed.
const BELIEVED: Duration = Duration::from_secs(5);

/// Never checked, or found down.
const UNKNOWN: i64 = -1;

/// The gate before every take.
pub(crate) struct StoreGate {
    /// When the store was last seen well, in milliseconds of the monotonic clock.
    well_at: AtomicI64,
}

impl StoreGate {
    pub(crate) fn new() -> Self {
        Self { well_at: AtomicI64::new(UNKNOWN) }
    }

    /// Lets pass while the store is well; the error says what is wrong with it.
    pub(crate) async fn pass(
        &self,
        store: &dyn CrashStore,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let now = millis(clock.monotonic());
        let well_at = self.well_at.load(Ordering::Relaxed);
        if well_at != UNKNOWN && now - well_at < millis(BELIEVED) {
            return Ok(());
        }
        store.check().await?;
        self.well_at.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// A job met an error: unless it is the crash's own, the store is asked before the next take.
    pub(crate) fn met(&self, error: &StoreError) {
        if error.class != ErrorClass::Permanent {
            self.well_at.store(UNKNOWN, Ordering::Relaxed);
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
