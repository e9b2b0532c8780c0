//! What each job does in a slot. Doing it twice is the same as doing it once.

mod extract_line;
mod extracts;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Day, Timestamp};
use auxilio_database::Database;

use crate::BringBack;
use crate::config::Config;
use crate::imports::{self, BadFile};
use crate::table::{Job, Span, Work};

/// Hours and days that are counted anew in one transaction: hours of one day together make that day anew
/// once. Halved with each failure of the slot, so that what takes longer than the job may still goes on.
const DIRTY_AT_ONCE: i32 = 24;

/// Why a job did not do what it is for.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Postgres refused or was not there.
    #[error(transparent)]
    Database(#[from] auxilio_database::Error),
    /// It took longer than its time.
    #[error("it took longer than {0} seconds")]
    TimedOut(u64),
    /// A file or folder could not be read or written.
    #[error("can't {verb} \"{path}\"")]
    File {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Files that were to be read in hold what can't be. All else was read in.
    #[error("{0}")]
    BadFile(#[from] BadFile),
    /// The store could not be gone through.
    #[error("can't bring back what was forgotten")]
    BringBack(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Weeks are due to go, and can't yet. All that could go is gone.
    #[error(
        "{count} weeks of reports stay, the first that of {first}: reports of them are still to be \
         counted by the job dirty_days"
    )]
    WeeksStay {
        /// How many.
        count: usize,
        /// The first one's Monday.
        first: Day,
    },
    /// The slot lies outside the years of crash ids.
    #[error("there are no crashes in the year of {0}")]
    NoDay(Timestamp),
    /// A thread of the job ended early.
    #[error("a thread of the job ended early")]
    Thread,
}

/// What jobs work with.
pub(crate) struct Tools {
    pub(crate) config: Config,
    pub(crate) database: Database,
    pub(crate) bring_back: Arc<dyn BringBack>,
}

impl Tools {
    /// Does a job's work, for as long as it may take.
    pub(crate) async fn within_time(
        &self,
        job: &Job,
        work: impl Future<Output = Result<i64, JobError>>,
    ) -> Result<i64, JobError> {
        // Later than the server ends a statement: what it says is more than that the time is over.
        let time = job.timeout.saturating_add(Duration::from_secs(10));
        match tokio::time::timeout(time, work).await {
            Ok(ended) => ended,
            Err(_) => Err(JobError::TimedOut(job.timeout.as_secs())),
        }
    }

    /// Does a slot that failed so many times before. Returns what the job counts.
    pub(crate) async fn perform(
        &self,
        job: &Job,
        slot: Timestamp,
        failures: u32,
    ) -> Result<i64, JobError> {
        let day = job.day(slot).ok_or(JobError::NoDay(slot))?;
        match job.work {
            Work::Summary(procedure) => {
                Ok(self.database.long_work(job.timeout).await?.update_day(procedure, day).await?)
            }
            Work::Window(procedure) => {
                let to = job.span.reaches(slot);
                let from = if job.span == Span::Hour {
                    to.minus(Duration::from_hours(1))
                } else {
                    Timestamp::midnight(day)
                };
                self.update_window(procedure, from, to, job.timeout).await
            }
            Work::Versions => {
                Ok(self.database.long_work(job.timeout).await?.update_product_versions().await?)
            }
            Work::DirtyDays => self.refresh_dirty_days(dirty_at_once(failures), job.timeout).await,
            Work::ServerStatus => {
                Ok(self.database.long_work(job.timeout).await?.write_server_status(slot).await?)
            }
            Work::Partitions => Ok(i64::from(self.database.ensure_partitions_ahead().await?)),
            Work::Extracts => extracts::write(self, day, job.timeout).await,
            Work::Builds => imports::read_builds(self).await,
            Work::Adu => imports::read_adu(self, job.timeout).await,
            Work::Missing => self.bring_back(day).await,
            Work::Expiry => self.expire(slot, job.timeout).await,
        }
    }

    /// Does a job for a whole day, for a person: what has an hour's span does all hours of it.
    pub(crate) async fn perform_day(&self, job: &Job, day: Day) -> Result<i64, JobError> {
        if let Work::Window(procedure) = job.work {
            let next = day.next().ok_or(JobError::NoDay(Timestamp::midnight(day)))?;
            let (from, to) = (Timestamp::midnight(day), Timestamp::midnight(next));
            return self.update_window(procedure, from, to, job.timeout).await;
        }
        if job.work == Work::Partitions {
            return Ok(i64::from(self.database.ensure_partition(day).await?));
        }
        let slot = job.slot_of(day).ok_or(JobError::NoDay(Timestamp::midnight(day)))?;
        self.perform(job, slot, 0).await
    }

    async fn update_window(
        &self,
        procedure: &'static str,
        from: Timestamp,
        to: Timestamp,
        timeout: Duration,
    ) -> Result<i64, JobError> {
        let work = self.database.long_work(timeout).await?;
        Ok(work.update_window(procedure, from, to).await?)
    }

    async fn refresh_dirty_days(&self, at_once: i32, timeout: Duration) -> Result<i64, JobError> {
        let work = self.database.long_work(timeout).await?;
        let mut total = 0;
        loop {
            let done = work.refresh_dirty_days(at_once).await?;
            total += done;
            // Less than it may do: nothing was left. What comes meanwhile is for the next slot.
            if done < i64::from(at_once) {
                return Ok(total);
            }
        }
    }

    async fn bring_back(&self, day: Day) -> Result<i64, JobError> {
        let queued = self.bring_back.bring_back(day).await.map_err(JobError::BringBack)?;
        Ok(i64::try_from(queued).unwrap_or(i64::MAX))
    }

    /// Drops weeks, and forgets runs. A week whose reports are still to be counted stays, and is an error
    /// at the end: the slot is tried again until it can go.
    async fn expire(&self, slot: Timestamp, timeout: Duration) -> Result<i64, JobError> {
        let work = self.database.long_work(timeout).await?;
        let before = |days: u32| slot.minus(Duration::from_hours(24) * days).day();
        let (mut gone, mut stay) = (0, Vec::new());
        if let Some(day) = before(self.config.keep_runs_days.max(1)) {
            gone += work.forget_runs(day).await?;
        }
        if self.config.keep_weeks > 0
            && let Some(day) = before(self.config.keep_weeks.saturating_mul(7))
        {
            // Each in a transaction of its own: a lock on the tables of all reports is held for a moment.
            for monday in work.weeks_until(day).await? {
                if work.drop_week(monday).await? {
                    gone += 1;
                } else {
                    stay.push(monday);
                }
            }
        }
        match stay[..] {
            [] => Ok(gone),
            [first, ..] => Err(JobError::WeeksStay { count: stay.len(), first }),
        }
    }
}

/// How many hours and days are counted anew at once, after so many failures.
fn dirty_at_once(failures: u32) -> i32 {
    DIRTY_AT_ONCE.checked_shr(failures).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_in_smaller_pieces_and_never_in_none() {
        let sizes: Vec<i32> = [0, 1, 2, 3, 4, 5, 31, 32, 99].map(dirty_at_once).to_vec();
        assert_eq!(sizes, [24, 12, 6, 3, 1, 1, 1, 1, 1]);
    }
}
