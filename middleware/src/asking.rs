//! Asking for a crash that is not processed: whoever wants to see it makes its job a priority.

use std::time::Duration;

use auxilio_common::{CrashId, Day, Lane, Throttle, Timestamp};
use auxilio_database::AskedState;
use auxilio_service::{error_chain, metrics};

use crate::answer::Refusal;
use crate::app::App;

/// A lane and a state of a job in which asking once more would change nothing.
const PRIORITY_QUEUED: (Lane, &str) = (Lane::Priority, "queued");

const TAKEN: &str = "taken";

/// What the caller is told.
enum Asked {
    /// It is being processed, or will be as soon as it comes: the word is the job's state.
    Waiting(&'static str),
    /// It is not there and can't come any more.
    Absent,
    /// The client waits for too many crashes that are not there yet.
    TooMany,
}

impl App {
    /// Makes an unprocessed crash a priority job on behalf of a client, and answers what to tell it:
    /// 408, 404, 429, or 503 where nobody can say. Without the store or Postgres no job is made.
    pub(crate) async fn ask_for(&self, crash_id: CrashId, client: &str) -> Refusal {
        let (outcome, refusal) = match self.asked(crash_id, client).await {
            Ok(Asked::Waiting(state)) => {
                let error = format!("{crash_id} is not processed yet; it was asked for");
                (state, Refusal::not_yet(error, state))
            }
            Ok(Asked::Absent) => {
                ("absent", Refusal::not_found(format!("there is no crash {crash_id}")))
            }
            Ok(Asked::TooMany) => {
                let error = "too many crashes that are not there yet were asked for";
                ("too_many", Refusal::too_many(error))
            }
            Err(refusal) => ("unavailable", refusal),
        };
        metrics::MIDDLEWARE_ASKED.add(1, &[outcome]);
        tracing::debug!(%crash_id, outcome, "asked for");
        refusal
    }

    async fn asked(&self, crash_id: CrashId, client: &str) -> Result<Asked, Refusal> {
        let presence = self.ask(crash_id, self.store.exists(crash_id)).await?;
        if presence.processed.is_some() {
            // It was saved a moment ago: the next look finds it.
            return Ok(Asked::Waiting(TAKEN));
        }
        if presence.raw {
            return self.ask_for_stored(crash_id).await;
        }
        let thrown_away = Throttle::FakeAccept.digit() == Some(crash_id.digit());
        if thrown_away || !self.may_be_spooled(crash_id.day()) {
            return Ok(Asked::Absent);
        }
        self.ask_for_missing(crash_id, client).await
    }

    async fn ask_for_stored(&self, crash_id: CrashId) -> Result<Asked, Refusal> {
        let job = self.database.job(crash_id).await.map_err(no_queue)?;
        // A taken job that is asked for would run once more; one at the front can't go further.
        match job.as_ref().map(|job| (job.lane, job.state.as_str())) {
            Some((_, TAKEN)) => return Ok(Asked::Waiting(TAKEN)),
            Some(PRIORITY_QUEUED) => return Ok(Asked::Waiting("queued")),
            _ => {}
        }
        let raw = self.ask(crash_id, self.store.get_raw(crash_id)).await?;
        // Removed between two looks.
        let Some(raw) = raw else { return Ok(Asked::Absent) };
        let received_at = raw.metadata.received_at;
        let state = self.database.ask_job(crash_id, Lane::Priority, received_at).await;
        Ok(told(state.map_err(no_queue)?))
    }

    async fn ask_for_missing(&self, crash_id: CrashId, client: &str) -> Result<Asked, Refusal> {
        if self.database.has_never_arrived(crash_id).await.map_err(no_queue)? {
            return Ok(Asked::Absent);
        }
        self.database.await_raw(crash_id, client).await.map(told).map_err(no_queue)
    }

    /// Whether a crash of this day may still wait in a spool. Clocks of other machines may be ahead.
    fn may_be_spooled(&self, day: Day) -> bool {
        let now: Timestamp = self.shell.clock.now();
        let (first, last) = (now.minus(self.spool_age_max), now.plus(Duration::from_hours(24)));
        let (Some(first), Some(last)) = (first.day(), last.day()) else { return false };
        (first..=last).contains(&day)
    }
}

fn told(state: AskedState) -> Asked {
    match state {
        AskedState::Queued => Asked::Waiting("queued"),
        AskedState::Taken => Asked::Waiting(TAKEN),
        AskedState::WaitingForRaw => Asked::Waiting("waiting_for_raw"),
        AskedState::TooMany => Asked::TooMany,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands the error over")]
fn no_queue(error: auxilio_database::Error) -> Refusal {
    tracing::warn!(error = error_chain(&error), "a crash could not be asked for");
    Refusal::unavailable("crashes can't be asked for at this moment")
}
