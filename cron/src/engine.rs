//! The engine: which slots are due, and one try at one of them. It reads the time from the clock that it
//! was given and never loops by itself.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, Random, Timestamp};
use auxilio_database::{CronState, Database, Error, SlotToken};
use auxilio_service::backoff::Backoff;
use auxilio_service::error_chain;
use serde::Serialize;

use crate::BringBack;
use crate::config::{Config, ConfigError};
use crate::jobs::Tools;
use crate::schedule::Schedule;
use crate::table::{self, Job};

/// A slot that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The job.
    pub job: &'static str,
    /// The last slot that was done.
    pub after: Timestamp,
    /// The slot to do.
    pub slot: Timestamp,
    /// How often it failed so far.
    pub failures: u32,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is done, and what the job counted.
    Done(i64),
    /// It failed, and why; it is tried again after a wait.
    Failed(String),
    /// Another process works at the job, or did this slot.
    Taken,
    /// The lease ran out in the middle: whoever has it now decides.
    Lost,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobView {
    /// Its name.
    pub job: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// When it is due.
    pub schedule: String,
    /// What it waits for.
    pub depends_on: Vec<&'static str>,
    /// How long a try may take.
    pub timeout_secs: u64,
    /// `new`, `waiting`, `due`, `running`, `failing` or `off`.
    pub state: &'static str,
    /// The last slot that was done.
    pub done_until: Option<Timestamp>,
    /// The next one.
    pub next_slot: Option<Timestamp>,
    /// Jobs that have not come far enough for it.
    pub waits_for: Vec<&'static str>,
    /// When a run last began, and last ended well.
    pub last_run: Option<Timestamp>,
    /// When a run last ended well.
    pub last_success: Option<Timestamp>,
    /// Why the next slot is not done yet.
    pub last_error: Option<String>,
    /// How often it failed.
    pub error_count: i32,
}

/// The jobs and what they work with.
pub struct Engine {
    pub(crate) jobs: Vec<Job>,
    pub(crate) tools: Tools,
    pub(crate) clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Engine {
    /// Prepares the jobs; nothing is connected yet.
    pub fn new(
        config: Config,
        database: Database,
        bring_back: Arc<dyn BringBack>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigError> {
        let jobs = table::jobs(&config)?;
        Ok(Self { jobs, tools: Tools { config, database, bring_back }, clock, random })
    }

    /// The slots that are due and that nobody works on, at most one for each job, in the jobs' order. A
    /// job that has never run is made known.
    pub async fn due(&self) -> Result<Vec<Due>, Error> {
        let (now, states) = (self.clock.now(), self.states().await?);
        let due = self.jobs.iter().filter_map(|job| {
            let state = find(&states, job.name)?;
            let slot = job.schedule.as_ref()?.next(state.done_until)?;
            let is_due = state.is_free && slot <= now;
            let failures = u32::try_from(state.error_count).unwrap_or(0);
            let due = Due { job: job.name, after: state.done_until, slot, failures };
            (is_due && self.waits_for(job, slot, &states).is_empty()).then_some(due)
        });
        Ok(due.collect())
    }

    /// Takes a slot that is due, does it and ends it. The error is of the database, and the slot is then
    /// tried again.
    pub async fn attempt(&self, due: &Due) -> Result<Tried, Error> {
        let Some(job) = self.job(due.job) else { return Ok(Tried::Taken) };
        let lease = self.lease();
        let database = &self.tools.database;
        let Some(token) = database.take_slot(job.name, due.after, due.slot, lease).await? else {
            return Ok(Tried::Taken);
        };
        let work = Box::pin(self.tools.perform(job, due.slot, due.failures));
        let work = self.tools.within_time(job, work);
        match self.while_held(job, token, work).await {
            None => Ok(Tried::Lost),
            Some(Ok(count)) => {
                let is_ours =
                    self.insist(|| database.complete_slot(job.name, token, count)).await?;
                Ok(if is_ours { Tried::Done(count) } else { Tried::Lost })
            }
            Some(Err(error)) => {
                let (said, pause) = (error_chain(&error), self.pause_after(due.failures));
                let is_ours =
                    self.insist(|| database.fail_slot(job.name, token, &said, pause)).await?;
                Ok(if is_ours { Tried::Failed(said) } else { Tried::Lost })
            }
        }
    }

    /// The wait after one more failure.
    fn pause_after(&self, failures: u32) -> Duration {
        let config = &self.tools.config;
        let mut backoff = Backoff::new(
            Duration::from_secs(config.retry_first_secs),
            Duration::from_secs(config.retry_longest_secs),
        );
        // Doubled some dozen times, any wait is the longest.
        for _ in 0..failures.min(30) {
            backoff.next(&*self.random);
        }
        backoff.next(&*self.random)
    }

    /// Works for as long as a lease holds, and keeps it. `None` if it is another's by now.
    pub(crate) async fn while_held<T>(
        &self,
        job: &Job,
        token: SlotToken,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            ended = work => Some(ended),
            () = self.keep(job, token) => None,
        }
    }

    /// Says the end of a slot, again and again for as long as its lease lasts: Postgres may be starting.
    pub(crate) async fn insist<F>(&self, mut say: impl FnMut() -> F) -> Result<bool, Error>
    where
        F: Future<Output = Result<bool, Error>>,
    {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        let began = self.clock.monotonic();
        loop {
            match say().await {
                Err(error) if self.clock.monotonic().saturating_sub(began) >= self.lease() => {
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(backoff.next(&*self.random)).await,
                Ok(is_ours) => return Ok(is_ours),
            }
        }
    }

    /// Keeps a lease; ends when it is another's. While Postgres can't be asked nobody else gets it either.
    async fn keep(&self, job: &Job, token: SlotToken) {
        loop {
            tokio::time::sleep(self.lease() / 3).await;
            match self.tools.database.renew_slot(job.name, token, self.lease()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(
                    job = job.name,
                    error = error_chain(&error),
                    "the lease of a slot could not be renewed"
                ),
            }
        }
    }

    /// All jobs and how they stand.
    pub async fn views(&self) -> Result<Vec<JobView>, Error> {
        let (now, states) = (self.clock.now(), self.tools.database.cron_states().await?);
        Ok(self.jobs.iter().map(|job| self.view(job, now, &states)).collect())
    }

    fn view(&self, job: &Job, now: Timestamp, states: &[CronState]) -> JobView {
        let state = find(states, job.name);
        let next_slot = state
            .zip(job.schedule.as_ref())
            .and_then(|(state, schedule)| schedule.next(state.done_until));
        let waits_for = next_slot.map_or(Vec::new(), |slot| self.waits_for(job, slot, states));
        let word = match (state, next_slot) {
            (Some(state), _) if state.slot.is_some() && !state.is_free => "running",
            _ if job.schedule.is_none() => "off",
            (None, _) => "new",
            (Some(state), _) if state.error_count > 0 => "failing",
            (Some(_), Some(slot)) if slot <= now && waits_for.is_empty() => "due",
            _ => "waiting",
        };
        JobView {
            job: job.name,
            about: job.about,
            schedule: job.written.clone(),
            depends_on: job.depends_on.clone(),
            timeout_secs: job.timeout.as_secs(),
            state: word,
            done_until: state.map(|state| state.done_until),
            next_slot,
            waits_for,
            last_run: state.and_then(|state| state.last_run),
            last_success: state.and_then(|state| state.last_success),
            last_error: state.and_then(|state| state.last_error.clone()),
            error_count: state.map_or(0, |state| state.error_count),
        }
    }

    /// How far all jobs have come. One that was never seen before is made known first, unless it is
    /// switched off: it begins when it is switched on.
    pub(crate) async fn states(&self) -> Result<Vec<CronState>, Error> {
        let database = &self.tools.database;
        let mut states = database.cron_states().await?;
        let unknown: Vec<(&str, &Schedule)> = self
            .jobs
            .iter()
            .filter(|job| find(&states, job.name).is_none())
            .filter_map(|job| Some((job.name, job.schedule.as_ref()?)))
            .collect();
        if !unknown.is_empty() {
            for (name, schedule) in unknown {
                database.know_cron_job(name, schedule.beginning(self.clock.now())).await?;
            }
            states = database.cron_states().await?;
        }
        Ok(states)
    }

    /// Which jobs have not dealt with all that a slot is about. One that is switched off is waited for by
    /// nobody.
    fn waits_for(&self, job: &Job, slot: Timestamp, states: &[CronState]) -> Vec<&'static str> {
        let needed = job.span.reaches(slot);
        let lags = |other: &&Job| {
            find(states, other.name)
                .is_none_or(|state| other.span.reaches(state.done_until) < needed)
        };
        job.depends_on
            .iter()
            .filter_map(|name| self.job(name))
            .filter(|other| other.schedule.is_some())
            .filter(lags)
            .map(|other| other.name)
            .collect()
    }

    pub(crate) fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.name == name)
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.tools.config.lease_secs.max(1))
    }
}

fn find<'a>(states: &'a [CronState], name: &str) -> Option<&'a CronState> {
    states.iter().find(|state| state.job == name)
}
