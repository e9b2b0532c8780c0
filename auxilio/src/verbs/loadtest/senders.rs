//! The senders: connections that post crashes side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auxilio_common::{Clock, CrashId};
use auxilio_service::client::Client;
use bytes::Bytes;
use tokio::task::JoinSet;

use super::watch::Watch;
use crate::cli::LoadtestOptions;
use crate::verbs::form::Form;

/// Time for one answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes of one answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// One accepted crash of this many is watched until it is visible.
const WATCHED_ONE_OF: u64 = 20;

/// What the senders share.
pub(super) struct Senders {
    client: Client,
    url: String,
    forms: Vec<(String, Bytes)>,
    interval: Option<Duration>,
    until: Duration,
    count: u16,
    clock: Arc<dyn Clock>,
    next: AtomicU64,
}

/// What was sent and answered.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Accepted crashes, in the order of their answers.
    pub(super) accepted: Vec<CrashId>,
    /// Time from when each was due to its answer.
    pub(super) answers: Vec<Duration>,
    /// Posts that were not accepted, whatever the reason.
    pub(super) refused: u64,
    /// One reason for it.
    pub(super) reason: Option<String>,
    /// From the first post to the last answer.
    pub(super) took: Duration,
    /// When the first post began, by the clock's monotonic time.
    pub(super) began: Duration,
}

impl Senders {
    pub(super) fn new(
        url: &str,
        forms: Vec<Form>,
        options: &LoadtestOptions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client: Client::new(ANSWER_TIME_MAX, ANSWER_BYTES_MAX),
            url: format!("{url}/submit"),
            forms: forms.into_iter().map(|form| (form.content_type, form.body.into())).collect(),
            interval: options.rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            until: Duration::from_secs(options.seconds),
            count: options.senders,
            clock,
            next: AtomicU64::new(0),
        }
    }

    /// Posts until the time is over and every answer is there.
    pub(super) async fn run(self, watch: &Watch) -> anyhow::Result<Sent> {
        let (count, began) = (self.count, self.clock.monotonic());
        let senders = Arc::new(self);
        let mut running = JoinSet::new();
        for _ in 0..count {
            running.spawn(Arc::clone(&senders).send(began, watch.clone()));
        }
        let mut sent = Sent { began, ..Sent::default() };
        while let Some(part) = running.join_next().await {
            let part = part?;
            sent.accepted.extend(part.accepted);
            sent.answers.extend(part.answers);
            sent.refused += part.refused;
            sent.reason = sent.reason.or(part.reason);
        }
        sent.took = senders.clock.monotonic().saturating_sub(began);
        Ok(sent)
    }

    async fn send(self: Arc<Self>, began: Duration, watch: Watch) -> Sent {
        let mut sent = Sent::default();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let now = self.clock.monotonic().saturating_sub(began);
            let due = match self.interval {
                Some(interval) => interval.mul_f64(number as f64),
                None => now,
            };
            if due >= self.until || now >= self.until {
                return sent;
            }
            tokio::time::sleep(due.saturating_sub(now)).await;
            self.post(number, began + due, &mut sent, &watch).await;
        }
    }

    async fn post(&self, number: u64, due: Duration, sent: &mut Sent, watch: &Watch) {
        let place = usize::try_from(number).unwrap_or(0) % self.forms.len();
        let (content_type, body) = &self.forms[place];
        let answer =
            self.client.post(&self.url, &[("content-type", content_type)], body.clone()).await;
        let text = match &answer {
            Ok(answer) => String::from_utf8_lossy(&answer.body).trim().to_owned(),
            Err(error) => auxilio_service::error_chain(error),
        };
        let Some(crash_id) = text.strip_prefix("CrashID=").and_then(|id| id.parse().ok()) else {
            sent.refused += 1;
            sent.reason.get_or_insert(text);
            return;
        };
        sent.accepted.push(crash_id);
        sent.answers.push(self.clock.monotonic().saturating_sub(due));
        if number.is_multiple_of(WATCHED_ONE_OF) {
            watch.see(crash_id, due);
        }
    }
}
