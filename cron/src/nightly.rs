//! Runs by hand: one job for a day, or all that a night does for one, in order, in the foreground. They
//! move no slot, and hold the job's lease: nobody does a slot of it meanwhile.

use std::time::Duration;

use auxilio_common::{Day, Timestamp};
use auxilio_database::{Error, SlotToken};
use auxilio_service::error_chain;

use crate::engine::{Engine, Tried};
use crate::table::{Job, Span, Work};

/// Pause between two looks at a lease that is another's.
const LOOK: Duration = Duration::from_millis(200);

/// What a lease is waited for beyond its time.
const LEASE_GRACE: Duration = Duration::from_secs(1);

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

    /// Takes the lease of a job and does it. A lease that another process left behind runs out while this
    /// waits; one that is kept ends the wait.
    async fn run_job(&self, job: &Job, day: Day) -> Result<Tried, Error> {
        let database = &self.tools.database;
        let slot = job.slot_of(day).unwrap_or_else(|| Timestamp::midnight(day));
        let Some(token) = self.take_by_hand(job, slot).await? else { return Ok(Tried::Taken) };
        let work = self.tools.within_time(job, Box::pin(self.tools.perform_day(job, day)));
        let Some(ended) = self.while_held(job, token, work).await else { return Ok(Tried::Lost) };
        let ended = ended.map_err(|error| error_chain(&error));
        let told = || {
            database.end_hand_run(job.name, token, ended.as_ref().copied().map_err(String::as_str))
        };
        if !self.insist(told).await? {
            return Ok(Tried::Lost);
        }
        Ok(match ended {
            Ok(count) => Tried::Done(count),
            Err(said) => Tried::Failed(said),
        })
    }

    async fn take_by_hand(&self, job: &Job, slot: Timestamp) -> Result<Option<SlotToken>, Error> {
        let (database, began) = (&self.tools.database, self.clock.monotonic());
        self.states().await?;
        if job.schedule.is_none() {
            database.know_cron_job(job.name, self.clock.now()).await?;
        }
        loop {
            let token = database.take_by_hand(job.name, slot, self.lease()).await?;
            let waited = self.clock.monotonic().saturating_sub(began);
            if token.is_some() || waited > self.lease() + LEASE_GRACE {
                return Ok(token);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// All that makes a day's reports: what is read in, partitions, duplicates, clean reports, every summary
/// and the extracts. Not the store's matters, nor what concerns this moment alone.
/// A job that is switched off is no part of it.
fn is_nightly(job: &Job) -> bool {
    if job.schedule.is_none() {
        return false;
    }
    match job.work {
        Work::Missing | Work::Expiry | Work::ServerStatus | Work::DirtyDays => false,
        Work::Partitions | Work::Builds | Work::Adu => true,
        _ => job.span != Span::Moment,
    }
}
