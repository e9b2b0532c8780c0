//! Runs by hand: one job for a day, or all that a night does for one, in order, in the foreground. They
//! move no slot.

use auxilio_common::Day;
use auxilio_database::Error;
use auxilio_service::error_chain;

use crate::engine::{Engine, Tried};
use crate::table::{Job, Span, Work};

/// A job of a night, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The job.
    pub job: &'static str,
    /// What became of it; `None` if it was left out, because a job that it waits for failed.
    pub tried: Option<Tried>,
}

impl Step {
    /// Whether it did what it is for.
    pub fn is_done(&self) -> bool {
        matches!(self.tried, Some(Tried::Done(_)))
    }
}

impl Engine {
    /// The names of all jobs, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.jobs.iter().map(|job| job.name).collect()
    }

    /// Runs one job for a day. `None` if there is no such job.
    pub async fn run_by_hand(&self, name: &str, day: Day) -> Result<Option<Step>, Error> {
        let Some(job) = self.job(name) else { return Ok(None) };
        Ok(Some(Step { job: job.name, tried: Some(self.run_job(job, day).await?) }))
    }

    /// Runs all that a night does for a day, and says each step as it ends. What waits for a job that
    /// failed is left out.
    pub async fn run_nightly(
        &self,
        day: Day,
        mut say: impl FnMut(&Step),
    ) -> Result<Vec<Step>, Error> {
        let mut steps: Vec<Step> = Vec::new();
        for job in self.jobs.iter().filter(|job| is_nightly(job)) {
            let is_held = job
                .depends_on
                .iter()
                .any(|name| steps.iter().any(|step| step.job == *name && !step.is_done()));
            let tried = if is_held { None } else { Some(self.run_job(job, day).await?) };
            let step = Step { job: job.name, tried };
            say(&step);
            steps.push(step);
        }
        Ok(steps)
    }

    async fn run_job(&self, job: &Job, day: Day) -> Result<Tried, Error> {
        let database = &self.tools.database;
        let slot = job.slot_of(day).unwrap_or_else(|| auxilio_common::Timestamp::midnight(day));
        let run = database.begin_hand_run(job.name, slot).await?;
        match self.tools.perform_day(job, day).await {
            Ok(count) => {
                database.end_hand_run(run, Ok(count)).await?;
                Ok(Tried::Done(count))
            }
            Err(error) => {
                let said = error_chain(&error);
                database.end_hand_run(run, Err(&said)).await?;
                Ok(Tried::Failed(said))
            }
        }
    }
}

/// All that makes a day's reports: what is read in, partitions, duplicates, clean reports, every summary
/// and the extracts. Not the store's matters, nor what concerns this moment alone.
fn is_nightly(job: &Job) -> bool {
    match job.work {
        Work::Missing | Work::Expiry | Work::ServerStatus | Work::DirtyDays => false,
        Work::Partitions | Work::Builds | Work::Adu => true,
        _ => job.span != Span::Moment,
    }
}
