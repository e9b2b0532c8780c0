//! `GET /api/Receipt/?crash_id=`: a crash's way so far, through the spools, the store and the queue.
//!
//! Anybody may ask: nothing that a client said is in it. A hop that can't be asked at this moment is named
//! among `not_asked`, and the others answer all the same.

use std::time::Duration;

use auxilio_common::receipt::{CrashmoverReceipt, Receipt};
use auxilio_common::{CrashId, Generation, Throttle};
use auxilio_database::{JobEnd, JobView, ReportRow};
use auxilio_service::error_chain;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use crate::access;
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::parameters::Parameters;

/// Time for Postgres: its three look-ups are by keys.
const QUEUE_TIME_MAX: Duration = Duration::from_secs(2);

/// All that is known of a crash.
#[derive(Debug, Default)]
struct Way {
    spools: CrashmoverReceipt,
    stored: Option<Receipt>,
    processed: Option<Generation>,
    queue: Queue,
    not_asked: Vec<String>,
}

/// What Postgres has of it.
#[derive(Debug, Default)]
struct Queue {
    job: Option<JobView>,
    end: Option<JobEnd>,
    report: Option<ReportRow>,
}

pub(crate) async fn get(
    State(app): State<App>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access::rights(app.admin.as_ref(), &headers)?;
    parameters.check(&["crash_id"])?;
    let crash_id = parameters.crash_id()?;
    let way = app.way(crash_id).await;
    let state = way.state();
    tracing::debug!(%crash_id, state, "receipt");
    match state {
        Some(state) => Ok(Answer::json(&way.told(crash_id, state))?.of_now()),
        None => Err(way.unknown(crash_id)),
    }
}

impl App {
    /// Asks every hop. The spools come first: what has left them before is in the store by then.
    async fn way(&self, crash_id: CrashId) -> Way {
        let mut spools = self.crashmovers.receipt(crash_id).await;
        let mut not_asked: Vec<_> =
            spools.not_asked.drain(..).map(|spool| format!("spools: {spool}")).collect();
        let (store, queue) = tokio::join!(self.stored(crash_id), self.queue(crash_id));
        let (stored, processed) = store.unwrap_or_else(|_| {
            not_asked.push("store".to_owned());
            (None, None)
        });
        let queue = queue.unwrap_or_else(|| {
            not_asked.push("queue: Postgres".to_owned());
            Queue::default()
        });
        Way { spools, stored, processed, queue, not_asked }
    }

    async fn stored(
        &self,
        crash_id: CrashId,
    ) -> Result<(Option<Receipt>, Option<Generation>), Refusal> {
        let presence = self.ask(crash_id, self.store.exists(crash_id)).await?;
        if !presence.raw {
            return Ok((None, presence.processed));
        }
        let _room = self.room().await?;
        let raw = self.ask(crash_id, self.store.get_raw(crash_id)).await?;
        Ok((raw.as_ref().map(Receipt::of), presence.processed))
    }

    async fn queue(&self, crash_id: CrashId) -> Option<Queue> {
        let database = self.database.clone();
        // A task of its own: a statement that is given up in the middle would keep its connection busy.
        let read = tokio::spawn(async move {
            Ok::<_, auxilio_database::Error>(Queue {
                job: database.job(crash_id).await?,
                // After the job: what ended meanwhile is found here.
                end: database.last_end(crash_id).await?,
                report: database.report_row(crash_id).await?,
            })
        });
        match tokio::time::timeout(QUEUE_TIME_MAX, read).await {
            Ok(Ok(Ok(queue))) => Some(queue),
            Ok(Ok(Err(error))) => {
                tracing::warn!(%crash_id, error = error_chain(&error), "the queue can't be asked for a crash");
                None
            }
            _ => None,
        }
    }
}

impl Way {
    /// How far it has come; `None` if nobody knows anything of it.
    fn state(&self) -> Option<&'static str> {
        let job = self.queue.job.as_ref().map(|job| job.state.as_str());
        let end = self.queue.end.as_ref().map(|end| end.outcome.as_str());
        if self.processed.is_some() {
            return Some("processed");
        }
        if let Some(stored) = &self.stored {
            return Some(match job {
                Some("taken") => "processing",
                Some(_) => "queued",
                None if stored.throttle == Throttle::Defer => "deferred",
                None => "stored",
            });
        }
        if self.spools.files.iter().any(|file| file.lane.is_some()) {
            return Some("spooled");
        }
        if !self.spools.files.is_empty() {
            return Some("quarantined");
        }
        match (job, end) {
            (Some("waiting_for_raw"), _) => Some("awaited"),
            (Some("taken"), _) => Some("processing"),
            (Some(_), _) => Some("queued"),
            (None, Some("never_arrived")) => Some("never_arrived"),
            (None, Some("raw_gone")) => Some("removed"),
            // The store can't be asked, and the report says enough.
            _ if self.queue.report.is_some() => Some("processed"),
            _ if !self.spools.carried.is_empty() => Some("carried"),
            _ => None,
        }
    }

    fn told(&self, crash_id: CrashId, state: &str) -> Value {
        let spooled = self.spools.files.iter().find(|file| file.lane.is_some());
        let first = spooled.or(self.spools.files.first()).and_then(|file| file.receipt.as_ref());
        let generation =
            self.processed.or(self.queue.report.as_ref().map(|report| report.generation));
        let (waiting, quarantined): (Vec<_>, Vec<_>) =
            self.spools.files.iter().partition(|file| file.lane.is_some());
        json!({
            "crash_id": crash_id,
            "state": state,
            "receipt": self.stored.as_ref().or(first),
            "spooled": waiting,
            "quarantined": quarantined,
            "carried": self.spools.carried,
            "stored": self.stored.is_some(),
            "job": self.queue.job.as_ref().map(|job| json!({
                "lane": job.lane, "state": job.state, "queued_at": job.queued_at, "attempts": job.attempts,
            })),
            "last_job": self.queue.end.as_ref().map(|end| json!({
                "outcome": end.outcome, "ended_at": end.ended_at, "generation": end.generation,
            })),
            "processed": generation.map(|generation| json!({
                "generation": generation,
                "quality": self.queue.report.as_ref().map(|report| report.quality),
            })),
            "not_asked": self.not_asked,
        })
    }

    fn unknown(&self, crash_id: CrashId) -> Refusal {
        if !self.not_asked.is_empty() {
            let hops = self.not_asked.join(", ");
            let error =
                format!("nothing is known of {crash_id}, and not all could be asked: {hops}");
            return Refusal::unavailable(error);
        }
        if Throttle::FakeAccept.digit() == Some(crash_id.digit()) {
            let error = format!("there is no crash {crash_id}: with this digit nothing is stored");
            return Refusal::not_found(error);
        }
        Refusal::not_found(format!(
            "there is no trace of {crash_id}: it was never acknowledged here, or was removed"
        ))
    }
}
