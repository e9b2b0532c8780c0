//! Asking for crashes: somebody waits for one, or wants some processed again.

use std::time::Duration;

use auxilio_common::limits::{WAITING_JOBS_MAX, WAITING_JOBS_PER_CLIENT_MAX};
use auxilio_common::{CrashId, Lane, Timestamp};

use crate::jobs::{count, crash_id, date_time, unexpected};
use crate::{Database, Error};

/// The state of a job after somebody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedState {
    /// It waits its turn.
    Queued,
    /// A processor has it.
    Taken,
    /// It waits for its raw crash.
    WaitingForRaw,
    /// As many jobs wait for their raw crash as may, in all or of this client. Nothing was changed.
    TooMany,
}

impl Database {
    /// Asks for a crash that the store has: lane priority or reprocess.
    ///
    /// Raises the lane, never lowers it. A taken job is queued once more after its run, so who only
    /// waits to see the crash and asks again and again looks at [`Self::job`] first: a job that is
    /// taken needs no asking.
    pub async fn ask_job(
        &self,
        crash_id: CrashId,
        lane: Lane,
        received_at: Timestamp,
    ) -> Result<AskedState, Error> {
        let answers = self.ask_jobs(&[(crash_id, Some(received_at))], lane).await?;
        match answers[..] {
            [(_, state)] => Ok(state),
            _ => Err(unexpected("ask for a crash", &format!("{} answers", answers.len()))),
        }
    }

    /// The same for many crashes in one call. The time of arrival may be missing for a crash that
    /// has a report. Answers come in any order, one for each id.
    pub async fn ask_jobs(
        &self,
        crashes: &[(CrashId, Option<Timestamp>)],
        lane: Lane,
    ) -> Result<Vec<(CrashId, AskedState)>, Error> {
        const OPERATION: &str = "ask for crashes";
        let ids: Vec<String> = crashes.iter().map(|(id, _)| id.to_string()).collect();
        let times = crashes
            .iter()
            .map(|(_, at)| at.map(|at| date_time(OPERATION, at)).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let sql = "SELECT uuid, state FROM ask_jobs($1, $2, $3)";
        let rows = self.query(OPERATION, sql, &[&ids, &times, &lane.as_str()]).await?;
        rows.iter()
            .map(|row| Ok((crash_id(OPERATION, row, 0)?, AskedState::read(OPERATION, row.get(1))?)))
            .collect()
    }

    /// Asks for a crash that the store does not have yet, for a client at this address: the job
    /// waits for its raw crash, and the monitor looks for it. Asking again changes nothing.
    ///
    /// The caller has made sure that the crash's day is recent enough for a spool.
    pub async fn await_raw(&self, crash_id: CrashId, client: &str) -> Result<AskedState, Error> {
        const OPERATION: &str = "ask for a crash on its way";
        let sql = "SELECT await_raw($1, $2, $3, $4)";
        let (client_max, max) = (WAITING_JOBS_PER_CLIENT_MAX, WAITING_JOBS_MAX);
        let row = self
            .query_one(OPERATION, sql, &[&crash_id.to_string(), &client, &client_max, &max])
            .await?;
        AskedState::read(OPERATION, row.get(0))
    }

    /// Whether the last job of a crash ended because its raw crash never came.
    pub async fn has_never_arrived(&self, crash_id: CrashId) -> Result<bool, Error> {
        let sql = "SELECT outcome = 'never_arrived' FROM job_outcomes
                   WHERE uuid = $1 ORDER BY ended_at DESC LIMIT 1";
        let operation = "look for the end of a job";
        let rows = self.query(operation, sql, &[&crash_id.to_string()]).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// Crashes whose jobs wait for their raw crash, the longest waiting first; with `youth`, those
    /// alone that have waited no longer than that.
    pub async fn waiting_jobs(&self, youth: Option<Duration>) -> Result<Vec<CrashId>, Error> {
        const OPERATION: &str = "list waiting jobs";
        let sql = "SELECT uuid FROM jobs
                   WHERE state = 'waiting_for_raw'
                     AND ($1::double precision IS NULL
                          OR queued_at >= now() - make_interval(secs => $1))
                   ORDER BY queued_at";
        let youth = youth.map(|youth| youth.as_secs_f64());
        let rows = self.query(OPERATION, sql, &[&youth]).await?;
        rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect()
    }

    /// Queues waiting jobs whose raw crash has come; each with its time of arrival. Returns how
    /// many still waited.
    pub async fn queue_arrived(&self, arrived: &[(CrashId, Timestamp)]) -> Result<u64, Error> {
        const OPERATION: &str = "queue crashes that came";
        let ids: Vec<String> = arrived.iter().map(|(id, _)| id.to_string()).collect();
        let times = arrived
            .iter()
            .map(|(_, at)| date_time(OPERATION, *at))
            .collect::<Result<Vec<_>, _>>()?;
        let row =
            self.query_one(OPERATION, "SELECT queue_arrived($1, $2)", &[&ids, &times]).await?;
        Ok(count(&row, 0))
    }

    /// Ends as never arrived those jobs that have waited longer than `max_age`. The caller has just
    /// seen that the store has none of these crashes. Returns how many ended.
    pub async fn give_up_waiting(
        &self,
        missing: &[CrashId],
        max_age: Duration,
    ) -> Result<u64, Error> {
        match self.try_give_up_waiting(missing, max_age).await {
            Err(error) if error.is_missing_partition() => {
                self.ensure_partitions_for([]).await?;
                self.try_give_up_waiting(missing, max_age).await
            }
            answer => answer,
        }
    }

    async fn try_give_up_waiting(
        &self,
        missing: &[CrashId],
        max_age: Duration,
    ) -> Result<u64, Error> {
        let ids: Vec<String> = missing.iter().map(CrashId::to_string).collect();
        let sql = "SELECT give_up_waiting($1, $2)";
        let row = self.query_one("give up waiting", sql, &[&ids, &max_age.as_secs_f64()]).await?;
        Ok(count(&row, 0))
    }
}

impl AskedState {
    fn read(operation: &'static str, word: &str) -> Result<Self, Error> {
        match word {
            "queued" => Ok(Self::Queued),
            "taken" => Ok(Self::Taken),
            "waiting_for_raw" => Ok(Self::WaitingForRaw),
            "too_many" => Ok(Self::TooMany),
            other => Err(unexpected(operation, other)),
        }
    }
}
