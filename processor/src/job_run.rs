//! One job from its raw crash to its end: fetched, walked, processed, stored, reported.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::{CrashStore, JobOutcome, ProcessedDocument, RawCrash};
use auxilio_database::{Class, Completion, Database, Failure, Report};
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain, metrics};
use auxilio_signature::Lists;
use auxilio_stackwalk::Pool;

use crate::config::Config;
use crate::document::{self, Run, Verdict};
use crate::process::{Context, Processed, process};
use crate::report_row::report_row;
use crate::setback::Setback;
use crate::store_gate::StoreGate;
use crate::walked_dump::Walks;
use crate::walking::Walking;

/// Pause before a job comes back that met a store in trouble.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// The longest wait before an end is told to the database again.
const COMPLETE_BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What running a job needs.
pub(crate) struct JobRunner {
    pub(crate) config: Config,
    pub(crate) name: String,
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) database: Database,
    pub(crate) pool: Pool,
    pub(crate) gate: StoreGate,
    pub(crate) shell: Shell,
}

impl JobRunner {
    /// Runs a job to its end and returns the word for it.
    pub(crate) async fn run(&self, job: &TakenJob) -> &'static str {
        match self.try_run(job).await {
            Ok(end) => end,
            Err(setback) => self.give_back(job, &setback).await,
        }
    }

    async fn try_run(&self, job: &TakenJob) -> Result<&'static str, Setback> {
        let started_at = self.shell.clock.now();
        let Some(raw) = self.store.get_raw(job.crash_id).await? else {
            tracing::warn!(crash_id = %job.crash_id, "the store has no such raw crash");
            return self.complete(job, JobOutcome::RawGone, None).await;
        };
        let raw = Arc::new(raw);
        let walking = Walking {
            store: &*self.store,
            pool: &self.pool,
            clock: &*self.shell.clock,
            temp_dir: &self.config.temp_dir,
        };
        let walked = walking.all(job, &raw).await?;
        let made = processed(Arc::clone(&raw), walked.walks).await?;
        for rule in &made.failed_rules {
            metrics::PROCESSOR_FAILED_RULES.add(1, &[rule]);
            tracing::warn!(crash_id = %job.crash_id, rule, "a rule failed");
        }
        let old = self.store.get_processed(job.crash_id).await?;
        let completed_at = self.shell.clock.now();
        let run = Run { job, processor: &self.name, started_at, completed_at };
        let verdict = document::judge(&run, made, old);
        self.conclude(job, &raw, verdict, walked.poisoned).await
    }

    /// The store first, then row and job in one: a job is over only when its result is durable.
    async fn conclude(
        &self,
        job: &TakenJob,
        raw: &RawCrash,
        verdict: Verdict,
        poisoned: bool,
    ) -> Result<&'static str, Setback> {
        let (document, outcome): (ProcessedDocument, _) = match verdict {
            Verdict::Overtaken => return Ok("refused"),
            Verdict::KeepOld(old) => (old, JobOutcome::KeptOld),
            Verdict::Write(document) => {
                self.store.put_processed(&document).await?;
                let outcome = if poisoned { JobOutcome::Poison } else { JobOutcome::Processed };
                (document, outcome)
            }
        };
        self.complete(job, outcome, Some(report_row(raw, &document))).await
    }

    /// Tells the database the end, again and again while it is away: the work is done, and nobody
    /// else can take the job meanwhile.
    async fn complete(
        &self,
        job: &TakenJob,
        outcome: JobOutcome,
        report: Option<Report>,
    ) -> Result<&'static str, Setback> {
        let mut backoff = Backoff::new(Duration::from_millis(100), COMPLETE_BACKOFF_MAX);
        loop {
            let told = match report.clone() {
                Some(report) => self.database.save_report(report, job, outcome).await,
                None => self.database.complete_job(job, outcome).await,
            };
            match told {
                Ok(Completion::Completed) => return Ok(outcome.as_str()),
                Ok(Completion::QueuedAgain) => return Ok("queued_again"),
                Ok(Completion::Refused) => return Ok("refused"),
                Err(error) if error.class() == Class::Retry => {
                    tracing::warn!(crash_id = %job.crash_id, error = error_chain(&error), "the end of a job can't be told yet");
                    tokio::time::sleep(backoff.next(&*self.shell.random)).await;
                }
                Err(error) => return Err(Setback::Passing(error_chain(&error))),
            }
        }
    }

    /// Puts a job back, with what it met. Where that fails too, its lease runs out.
    async fn give_back(&self, job: &TakenJob, setback: &Setback) -> &'static str {
        let reason = error_chain(setback);
        tracing::warn!(crash_id = %job.crash_id, error = reason, "a job goes back");
        let returned = match setback {
            Setback::Store(error) if self.is_down(error) => {
                self.database.return_job(job, STORE_PAUSE).await
            }
            Setback::Store(_) | Setback::Passing(_) => {
                self.database.fail_job(job, &reason, Failure::Passing).await
            }
            Setback::Death { .. } => self.database.fail_job(job, &reason, Failure::Death).await,
        };
        match returned {
            Ok(true) => "returned",
            Ok(false) => "refused",
            Err(error) => {
                tracing::warn!(crash_id = %job.crash_id, error = error_chain(&error), "a job could not be put back");
                "returned"
            }
        }
    }

    /// Whether an error is the store's and not the crash's own; the next take asks the store first.
    fn is_down(&self, error: &auxilio_common::StoreError) -> bool {
        self.gate.met(error);
        error.class != auxilio_common::storage::ErrorClass::Permanent
    }
}

/// Applies the rules away from the threads that serve everybody.
async fn processed(raw: Arc<RawCrash>, walks: Walks) -> Result<Processed, Setback> {
    let rules = move || process(&raw, walks, Context { lists: Lists::built_in() });
    tokio::task::spawn_blocking(rules)
        .await
        .map_err(|error| Setback::Passing(format!("the rules could not be run: {error}")))
}
