//! Slots of periodic work: leased, kept, ended. Each function is one stored procedure.

use std::time::Duration;

use auxilio_common::Timestamp;
use time::OffsetDateTime;
use tokio_postgres::Row;

use crate::jobs::{count, date_time, timestamp};
use crate::{Database, Error, text};

/// Characters of an error's text that a run keeps.
const ERROR_CHARS_MAX: usize = 1_000;

/// The proof of a slot's lease, and the number of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotToken(pub i64);

/// How far a job has come.
#[derive(Clone, Debug, PartialEq)]
pub struct CronState {
    /// The job's name.
    pub job: String,
    /// The last slot that was done.
    pub done_until: Timestamp,
    /// The slot that somebody works on.
    pub slot: Option<Timestamp>,
    /// Whether its next slot may be tried now: nobody holds it, and no wait after a failure is left.
    pub is_free: bool,
    /// When its next slot may be tried, after a failure.
    pub due_at: Timestamp,
    /// Tries at the next slot so far.
    pub attempts: i32,
    /// When a run last began.
    pub last_run: Option<Timestamp>,
    /// When a run last ended well.
    pub last_success: Option<Timestamp>,
    /// Why the next slot is not done yet.
    pub last_error: Option<String>,
    /// Failures at the next slot.
    pub error_count: i32,
}

impl Database {
    /// Makes a job known: the slots after `since` are to be done. A known one stays as it is.
    pub async fn know_cron_job(&self, job: &str, since: Timestamp) -> Result<(), Error> {
        const OPERATION: &str = "make a cron job known";
        let since = date_time(OPERATION, since)?;
        self.query_one(OPERATION, "SELECT know_cron_job($1, $2)", &[&job, &since]).await?;
        Ok(())
    }

    /// How far all jobs have come.
    pub async fn cron_states(&self) -> Result<Vec<CronState>, Error> {
        let sql = "SELECT job, done_until, slot,
                       due_at <= now() AND coalesce(lease_until <= now(), true), due_at, attempts,
                       last_run, last_success, last_error, error_count
                   FROM cron_jobs ORDER BY job";
        let rows = self.query("read the state of cron jobs", sql, &[]).await?;
        Ok(rows.iter().map(read_state).collect())
    }

    /// Leases the slot after `after`. `None` if another has it, the job has come further, or it waits.
    pub async fn take_slot(
        &self,
        job: &str,
        after: Timestamp,
        slot: Timestamp,
        lease: Duration,
    ) -> Result<Option<SlotToken>, Error> {
        const OPERATION: &str = "take a slot";
        let (after, slot) = (date_time(OPERATION, after)?, date_time(OPERATION, slot)?);
        let sql = "SELECT take_slot($1, $2, $3, $4)";
        let seconds = lease.as_secs_f64();
        let row = self.query_one(OPERATION, sql, &[&job, &after, &slot, &seconds]).await?;
        Ok(row.get::<_, Option<i64>>(0).map(SlotToken))
    }

    /// Prolongs a lease. False if it is not the caller's any more.
    pub async fn renew_slot(
        &self,
        job: &str,
        token: SlotToken,
        lease: Duration,
    ) -> Result<bool, Error> {
        let sql = "SELECT renew_slot($1, $2, $3)";
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&job, &token.0, &lease.as_secs_f64()];
        Ok(self.query_one("keep a slot", sql, &values).await?.get(0))
    }

    /// Ends a slot as done. False if the lease was not the caller's any more.
    pub async fn complete_slot(
        &self,
        job: &str,
        token: SlotToken,
        count: i64,
    ) -> Result<bool, Error> {
        let sql = "SELECT complete_slot($1, $2, $3)";
        Ok(self.query_one("complete a slot", sql, &[&job, &token.0, &count]).await?.get(0))
    }

    /// Frees a slot whose run failed, due again after `pause`. The error must hold no protected value.
    pub async fn fail_slot(
        &self,
        job: &str,
        token: SlotToken,
        error: &str,
        pause: Duration,
    ) -> Result<bool, Error> {
        let error = kept(error);
        let sql = "SELECT fail_slot($1, $2, $3, $4)";
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&job, &token.0, &error, &pause.as_secs_f64()];
        Ok(self.query_one("fail a slot", sql, &values).await?.get(0))
    }

    /// Leases a job for a person, and notes the run. It moves no slot. `None` if another has the job.
    pub async fn take_by_hand(
        &self,
        job: &str,
        slot: Timestamp,
        lease: Duration,
    ) -> Result<Option<SlotToken>, Error> {
        const OPERATION: &str = "take a job by hand";
        let (slot, seconds) = (date_time(OPERATION, slot)?, lease.as_secs_f64());
        let sql = "SELECT take_by_hand($1, $2, $3)";
        let row = self.query_one(OPERATION, sql, &[&job, &slot, &seconds]).await?;
        Ok(row.get::<_, Option<i64>>(0).map(SlotToken))
    }

    /// Ends a run by hand. False if the lease was not the caller's any more.
    pub async fn end_hand_run(
        &self,
        job: &str,
        token: SlotToken,
        ended: Result<i64, &str>,
    ) -> Result<bool, Error> {
        let (count, error) = (ended.ok(), ended.err().map(kept));
        let sql = "SELECT end_hand_run($1, $2, $3, $4)";
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&job, &token.0, &count, &error];
        Ok(self.query_one("end a run by hand", sql, &values).await?.get(0))
    }

    /// Whether a job has read a file in as it is.
    pub async fn knows_file(&self, job: &str, name: &str, sha256: &str) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM cron_files WHERE job = $1 AND name = $2 AND sha256 = $3";
        let row = self.query_one("look a file up", sql, &[&job, &name, &sha256]).await?;
        Ok(count(&row, 0) > 0)
    }

    /// Notes that a job has read a file in.
    pub async fn note_file(&self, job: &str, name: &str, sha256: &str) -> Result<(), Error> {
        let sql = "SELECT note_file($1, $2, $3)";
        self.query_one("note a file", sql, &[&job, &name, &sha256]).await?;
        Ok(())
    }
}

fn kept(error: &str) -> String {
    let mut error = error.to_owned();
    text::clean(&mut error);
    text::cut(&mut error, ERROR_CHARS_MAX);
    error
}

fn read_state(row: &Row) -> CronState {
    let at = |column| row.get::<_, Option<OffsetDateTime>>(column).map(Timestamp::from_date_time);
    CronState {
        job: row.get(0),
        done_until: timestamp(row, 1),
        slot: at(2),
        is_free: row.get(3),
        due_at: timestamp(row, 4),
        attempts: row.get(5),
        last_run: at(6),
        last_success: at(7),
        last_error: row.get(8),
        error_count: row.get(9),
    }
}
