//! A crash's report, as far as its page needs it: one indexed read in Postgres, which may be down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auxilio_common::{Clock, CrashId};
use auxilio_database::{Database, ReportRow};
use auxilio_service::error_chain;

/// Time for the read: who reads a crash doesn't wait for a Postgres in trouble, the store has it.
const READ_TIME_MAX: Duration = Duration::from_millis(500);

/// Pause after a failed read, in which Postgres is not asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Rows of reports, as far as the cache needs them. Clones share it.
#[derive(Clone)]
pub(crate) struct Rows {
    database: Database,
    clock: Arc<dyn Clock>,
    /// When the pause ends, in milliseconds of the clock's monotonic time.
    resumes_at: Arc<AtomicU64>,
}

impl Rows {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, resumes_at: Arc::default() }
    }

    /// A crash's row; `None` if it has none, or nobody can say.
    pub(crate) async fn of(&self, crash_id: CrashId) -> Option<ReportRow> {
        if self.millis() < self.resumes_at.load(Ordering::Relaxed) {
            return None;
        }
        let database = self.database.clone();
        // A task of its own: a statement that is given up in the middle would keep its connection busy.
        let read = tokio::spawn(async move { database.report_row(crash_id).await });
        match tokio::time::timeout(READ_TIME_MAX, read).await {
            Ok(Ok(Ok(row))) => row,
            Ok(Ok(Err(error))) => self.pause(&error_chain(&error)),
            Ok(Err(error)) => self.pause(&error_chain(&error)),
            Err(_) => self.pause("no answer in time"),
        }
    }

    fn pause(&self, error: &str) -> Option<ReportRow> {
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.resumes_at.store(self.millis().saturating_add(pause), Ordering::Relaxed);
        tracing::warn!(error, "reports can't be looked up: crashes are read without the cache");
        None
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX)
    }
}
