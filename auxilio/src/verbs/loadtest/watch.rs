//! Watching crashes become visible over the middleware.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::{Clock, CrashId};
use auxilio_service::client::Client;
use tokio::task::JoinSet;

use super::senders::Sent;

/// Time for one look.
const LOOK_TIME_MAX: Duration = Duration::from_secs(10);

/// Bytes of one look's answer.
const LOOK_BYTES_MAX: usize = 64 * 1024;

/// The least time between two looks at a crash whose time to be visible is measured.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The time between two looks is this part of the time that the crash has taken so far: in a
/// backlog of thousands the looks would else be the load that is measured.
const LOOK_PART: u32 = 20;

/// Between two looks at a crash that is only counted.
const DRAIN_LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks side by side while the rest drains.
const DRAIN_LOOKS: usize = 4;

/// The watch; clones share it.
#[derive(Clone)]
pub(super) struct Watch {
    client: Client,
    url: String,
    clock: Arc<dyn Clock>,
    watched: Arc<Mutex<JoinSet<Option<Duration>>>>,
}

/// What became of what was accepted.
#[derive(Debug, Default)]
pub(super) struct Drained {
    /// Time to be visible of the watched ones.
    pub(super) visible: Vec<Duration>,
    /// Accepted crashes that were never seen.
    pub(super) lost: u64,
    /// From the first post until the last crash was visible.
    pub(super) took: Duration,
}

impl Watch {
    pub(super) fn start(middleware: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            client: Client::new(LOOK_TIME_MAX, LOOK_BYTES_MAX),
            url: format!("{middleware}/api/CrashStatus/?crash_id="),
            clock,
            watched: Arc::default(),
        }
    }

    /// Watches a crash that was due at a moment, until it is visible.
    pub(super) fn see(&self, crash_id: CrashId, due: Duration) {
        let watch = self.clone();
        let looking = async move {
            let patience = due + Duration::from_secs(600);
            while watch.clock.monotonic() < patience {
                let seen = watch.is_processed(crash_id).await;
                let age = watch.clock.monotonic().saturating_sub(due);
                if seen {
                    return Some(age);
                }
                tokio::time::sleep(LOOK_EVERY.max(age / LOOK_PART)).await;
            }
            None
        };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).spawn(looking);
    }

    /// Waits until everything accepted is visible, at most for a time.
    pub(super) async fn finish(&self, sent: &Sent, within: Duration) -> Drained {
        let deadline = self.clock.monotonic() + within;
        let ids = Arc::new(sent.accepted.clone());
        let mut looking = JoinSet::new();
        for first in 0..DRAIN_LOOKS {
            looking.spawn(self.clone().drain(Arc::clone(&ids), first, deadline));
        }
        let mut drained = Drained::default();
        while let Some(lost) = looking.join_next().await {
            drained.lost += lost.unwrap_or(0);
        }
        drained.took = self.clock.monotonic().saturating_sub(sent.began);
        let mut watched =
            std::mem::take(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner));
        while let Some(visible) = watched.join_next().await {
            drained.visible.extend(visible.ok().flatten());
        }
        drained
    }

    /// Looks at every so-many-th crash until it is there; says how many never were.
    async fn drain(self, ids: Arc<Vec<CrashId>>, first: usize, deadline: Duration) -> u64 {
        let mut lost = 0;
        for crash_id in ids.iter().skip(first).step_by(DRAIN_LOOKS) {
            while !self.is_processed(*crash_id).await {
                if self.clock.monotonic() >= deadline {
                    lost += 1;
                    break;
                }
                tokio::time::sleep(DRAIN_LOOK_EVERY).await;
            }
        }
        lost
    }

    async fn is_processed(&self, crash_id: CrashId) -> bool {
        let Ok(answer) = self.client.get(&format!("{}{crash_id}", self.url), &[]).await else {
            return false;
        };
        let status: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        status.is_some_and(|status| !status["processed"].is_null())
    }
}
