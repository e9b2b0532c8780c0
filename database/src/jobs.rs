//! Jobs: inserted, taken, kept and put back. Each function is one stored procedure.

use std::collections::HashSet;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Generation, Lane, Timestamp};
use time::OffsetDateTime;
use tokio_postgres::Row;

use crate::{Database, Error, ProcessorId, text};

/// Bytes of an error's text that a job keeps.
const LAST_ERROR_CHARS_MAX: usize = 1_000;

/// What became of a crash that the monitor inserted. In all cases its index row may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// It is queued now.
    Inserted,
    /// It had a job already.
    Known,
    /// It has a report already.
    Reported,
}

/// Whose fault a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something around the crash failed: it does not count against the dump.
    Passing,
    /// The dump killed or timed out its own walker.
    Death,
}

/// What a sweep took back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Processors without a sign of life.
    pub dead_processors: u64,
    /// Leases that had run out, or whose processor is gone.
    pub lost_leases: u64,
}

/// How many jobs are in a lane and a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// The lane.
    pub lane: Lane,
    /// `waiting_for_raw`, `queued` or `taken`.
    pub state: String,
    /// How many.
    pub jobs: u64,
    /// When the oldest of them was queued.
    pub oldest_queued_at: Timestamp,
}

/// A job as an onlooker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobView {
    /// The lane.
    pub lane: Lane,
    /// `waiting_for_raw`, `queued` or `taken`.
    pub state: String,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// How often it was taken.
    pub attempts: i32,
    /// Why it came back, if it did.
    pub last_error: Option<String>,
}

/// The end of a crash's last job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// How it ended, by the name of [`auxilio_common::JobOutcome`].
    pub outcome: String,
    /// When.
    pub ended_at: Timestamp,
    /// The generation of its run, if it was taken.
    pub generation: Option<Generation>,
}

impl Database {
    /// Queues new crashes in the standard lane. Doing it again changes nothing.
    ///
    /// For the monitor alone, who assigns them next ([`Self::assign_jobs`]).
    pub async fn insert_jobs(
        &self,
        entries: &[IndexEntry],
    ) -> Result<Vec<(CrashId, Insertion)>, Error> {
        const OPERATION: &str = "insert jobs";
        let ids: Vec<String> = entries.iter().map(|entry| entry.crash_id.to_string()).collect();
        let times = entries
            .iter()
            .map(|entry| date_time(OPERATION, entry.received_at))
            .collect::<Result<Vec<_>, _>>()?;
        let sql = "SELECT uuid, result FROM insert_jobs($1, $2)";
        let rows = self.query(OPERATION, sql, &[&ids, &times]).await?;
        rows.iter()
            .map(|row| {
                let result = match row.get(1) {
                    "inserted" => Insertion::Inserted,
                    "known" => Insertion::Known,
                    "reported" => Insertion::Reported,
                    other => return Err(unexpected(OPERATION, other)),
                };
                Ok((crash_id(OPERATION, row, 0)?, result))
            })
            .collect()
    }

    /// Gives due jobs without an owner to live processors for `hold`, as far as these have room, and
    /// wakes all processors. Returns how many jobs were given. Without a sign of life for
    /// `dead_after` a processor is not live.
    pub async fn assign_jobs(&self, hold: Duration, dead_after: Duration) -> Result<u64, Error> {
        let sql = "SELECT assign_jobs($1, $2)";
        let row = self
            .query_one("assign jobs", sql, &[&hold.as_secs_f64(), &dead_after.as_secs_f64()])
            .await?;
        Ok(count(&row, 0))
    }

    /// Leases the oldest due jobs of a lane, at most `max`.
    ///
    /// # Errors
    /// [`Error::UnknownProcessor`] if the processor must register anew.
    pub async fn take_jobs(
        &self,
        processor: ProcessorId,
        lane: Lane,
        max: usize,
        lease: Duration,
    ) -> Result<Vec<TakenJob>, Error> {
        const OPERATION: &str = "take jobs";
        let max = i32::try_from(max).unwrap_or(i32::MAX);
        let sql = "SELECT uuid, lane, token, generation, lease_until, attempts, deaths,
                       lost_leases
                   FROM take_jobs($1, $2, $3, $4)";
        let rows = self
            .query(OPERATION, sql, &[&processor.0, &lane.as_str(), &max, &lease.as_secs_f64()])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(TakenJob {
                    crash_id: crash_id(OPERATION, row, 0)?,
                    lane: read_lane(OPERATION, row, 1)?,
                    token: row.get(2),
                    generation: Generation(row.get(3)),
                    lease_until: timestamp(row, 4),
                    attempts: row.get(5),
                    deaths: row.get(6),
                    lost_leases: row.get(7),
                })
            })
            .collect()
    }

    /// Prolongs leases to `lease` from now. Returns the crashes that are still the caller's.
    pub async fn renew_leases<'a>(
        &self,
        held: impl IntoIterator<Item = &'a TakenJob>,
        lease: Duration,
    ) -> Result<HashSet<CrashId>, Error> {
        const OPERATION: &str = "renew leases";
        let (ids, tokens): (Vec<String>, Vec<i64>) =
            held.into_iter().map(|job| (job.crash_id.to_string(), job.token)).unzip();
        let sql = "SELECT uuid FROM renew_leases($1, $2, $3)";
        let rows = self.query(OPERATION, sql, &[&ids, &tokens, &lease.as_secs_f64()]).await?;
        rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect()
    }

    /// Puts a job back, due again after a pause that grows with its attempts. The error's text must
    /// hold no protected value. False if the lease was not the caller's any more.
    pub async fn fail_job(
        &self,
        job: &TakenJob,
        error: &str,
        failure: Failure,
    ) -> Result<bool, Error> {
        let mut error = error.to_owned();
        text::clean(&mut error);
        text::cut(&mut error, LAST_ERROR_CHARS_MAX);
        let id = job.crash_id.to_string();
        let death = failure == Failure::Death;
        let sql = "SELECT fail_job($1, $2, $3, $4)";
        let row = self.query_one("fail a job", sql, &[&id, &job.token, &error, &death]).await?;
        Ok(row.get(0))
    }

    /// Puts a job back with nothing counted against it, due after `pause`. False if the lease was
    /// not the caller's any more.
    pub async fn return_job(&self, job: &TakenJob, pause: Duration) -> Result<bool, Error> {
        let id = job.crash_id.to_string();
        let sql = "SELECT return_job($1, $2, $3)";
        let row =
            self.query_one("return a job", sql, &[&id, &job.token, &pause.as_secs_f64()]).await?;
        Ok(row.get(0))
    }

    /// Takes back the jobs of expired leases and dead processors.
    pub async fn sweep_jobs(&self, dead_after: Duration) -> Result<Sweep, Error> {
        let sql = "SELECT dead_processors, lost_leases FROM sweep_jobs($1)";
        let row = self.query_one("sweep jobs", sql, &[&dead_after.as_secs_f64()]).await?;
        Ok(Sweep { dead_processors: count(&row, 0), lost_leases: count(&row, 1) })
    }

    /// How many jobs there are, by lane and state.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>, Error> {
        const OPERATION: &str = "count jobs";
        let sql = "SELECT lane, state, count(*), min(queued_at) FROM jobs
                   GROUP BY lane, state ORDER BY lane, state";
        let rows = self.query(OPERATION, sql, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(QueueDepth {
                    lane: read_lane(OPERATION, row, 0)?,
                    state: row.get(1),
                    jobs: count(row, 2),
                    oldest_queued_at: timestamp(row, 3),
                })
            })
            .collect()
    }

    /// How the last job of a crash ended, if one did.
    pub async fn last_end(&self, crash_id: CrashId) -> Result<Option<JobEnd>, Error> {
        let sql = "SELECT outcome, ended_at, generation FROM job_outcomes
                   WHERE uuid = $1 ORDER BY ended_at DESC LIMIT 1";
        let rows = self.query("look for a job's end", sql, &[&crash_id.to_string()]).await?;
        Ok(rows.first().map(|row| JobEnd {
            outcome: row.get(0),
            ended_at: timestamp(row, 1),
            generation: row.get::<_, Option<i64>>(2).map(Generation),
        }))
    }

    /// The job of a crash, if it has one.
    pub async fn job(&self, crash_id: CrashId) -> Result<Option<JobView>, Error> {
        const OPERATION: &str = "look a job up";
        let sql = "SELECT lane, state, queued_at, attempts, last_error FROM jobs WHERE uuid = $1";
        let rows = self.query(OPERATION, sql, &[&crash_id.to_string()]).await?;
        rows.first()
            .map(|row| {
                Ok(JobView {
                    lane: read_lane(OPERATION, row, 0)?,
                    state: row.get(1),
                    queued_at: timestamp(row, 2),
                    attempts: row.get(3),
                    last_error: row.get(4),
                })
            })
            .transpose()
    }
}

pub(crate) fn unexpected(operation: &'static str, word: &str) -> Error {
    Error::Unexpected { operation, what: format!("\"{word}\" is not known here") }
}

pub(crate) fn crash_id(
    operation: &'static str,
    row: &Row,
    column: usize,
) -> Result<CrashId, Error> {
    let text: &str = row.get(column);
    CrashId::parse(text).map_err(|_| unexpected(operation, text))
}

fn read_lane(operation: &'static str, row: &Row, column: usize) -> Result<Lane, Error> {
    let word: &str = row.get(column);
    [Lane::Priority, Lane::Standard, Lane::Reprocess]
        .into_iter()
        .find(|lane| lane.as_str() == word)
        .ok_or_else(|| unexpected(operation, word))
}

pub(crate) fn timestamp(row: &Row, column: usize) -> Timestamp {
    Timestamp::from_date_time(row.get::<_, OffsetDateTime>(column))
}

/// A count of rows, which is never negative.
pub(crate) fn count(row: &Row, column: usize) -> u64 {
    row.get::<_, i64>(column).unsigned_abs()
}

/// A time as the driver takes it.
pub(crate) fn date_time(operation: &'static str, at: Timestamp) -> Result<OffsetDateTime, Error> {
    at.date_time().ok_or_else(|| Error::Unexpected {
        operation,
        what: format!("{at} is outside the years that the database knows"),
    })
}
