//! The active monitor: what it does side by side for as long as it holds the lead.

use std::time::Duration;

use auxilio_database::Lead;
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain};
use tokio::time::Instant;

use crate::Config;
use crate::hint::Inbox;
use crate::intake::Intake;
use crate::scan::Scanned;
use crate::wanted::Wanted;

/// Time between two questions whether the lead is still held.
const LEAD_CHECK_EVERY: Duration = Duration::from_secs(2);

/// The shortest time between two scans of everything, whatever the gaps: they cost the store.
const SCAN_ALL_PAUSE: Duration = Duration::from_secs(5);

/// The longest wait after a failure.
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(10);

/// What an active monitor needs.
pub(crate) struct Active<'a> {
    pub(crate) config: &'a Config,
    pub(crate) intake: &'a Intake,
    pub(crate) inbox: &'a Inbox,
    pub(crate) wanted: &'a Wanted,
    pub(crate) shell: &'a Shell,
}

impl Active<'_> {
    /// Works until the lead is lost or the role stops. What is cut short is done by the next scan.
    pub(crate) async fn run(&self, lead: &Lead) {
        self.inbox.set_active(true);
        tokio::select! {
            () = self.follow_hints() => {}
            () = self.scan_for_ever() => {}
            () = self.follow_waiting() => {}
            () = self.keep_house() => {}
            () = self.count_jobs() => {}
            () = watch(lead) => tracing::warn!("the lead is lost: standing by"),
            () = self.shell.shutdown.soft().cancelled() => {}
        }
        self.inbox.set_active(false);
    }

    async fn follow_hints(&self) {
        let mut backoff = backoff();
        loop {
            let mut entries = self.inbox.entries().await;
            while !entries.is_empty() {
                let rest = entries.split_off(entries.len().min(self.config.scan_batch_rows.max(1)));
                if let Err(error) = self.intake.queue_hinted(&entries).await {
                    tracing::warn!(error = error_chain(&error), "hints could not be followed");
                    self.inbox.report_gap();
                    tokio::time::sleep(backoff.next(&*self.shell.random)).await;
                    break;
                }
                backoff.reset();
                entries = rest;
            }
        }
    }

    /// Scans everything first, then what is recent and, now and then, everything.
    async fn scan_for_ever(&self) {
        let mut backoff = backoff();
        let mut all_due = Instant::now();
        loop {
            let is_all = Instant::now() >= all_due;
            let since = (!is_all).then(|| self.shell.clock.now().minus(self.config.recent_reach()));
            match self.intake.scan(since, self.config.scan_batch_rows).await {
                Ok(Scanned::Part) => continue,
                Ok(Scanned::All) => backoff.reset(),
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "the index could not be scanned");
                    tokio::time::sleep(backoff.next(&*self.shell.random)).await;
                    continue;
                }
            }
            let scanned = Instant::now();
            if is_all {
                all_due = scanned + self.config.all_every();
            }
            tokio::select! {
                () = tokio::time::sleep(self.config.recent_every()) => {}
                () = tokio::time::sleep_until(all_due) => {}
                () = self.inbox.gap() => {
                    all_due = scanned + SCAN_ALL_PAUSE;
                    tokio::time::sleep_until(all_due).await;
                }
            }
        }
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(200), FAILURE_PAUSE_MAX)
}

/// Ends when the lead does.
async fn watch(lead: &Lead) {
    while lead.is_held().await {
        tokio::time::sleep(LEAD_CHECK_EVERY).await;
    }
}
