//! One job from its raw crash to its end: fetched, walked, processed, stored, reported.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::storage::ErrorClass;
use auxilio_common::{
    CrashStore, JobOutcome, ProcessedDocument, Quality, StoreError, Timestamp, limits,
};
use auxilio_database::{Class, Completion, Database, Failure, FinishedRun, Report};
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain, metrics};
use auxilio_stackwalk::Pool;

use crate::config::Config;
use crate::document::{self, Run, Verdict};
use crate::files::Files;
use crate::given_up::{GivenUp, last_raw};
use crate::known_builds::KnownBuilds;
use crate::process::{Known, Processed, process_beside};
use crate::report_row::{bare_row, report_row};
use crate::rule_set::RuleSets;
use crate::saver::Saver;
use crate::setback::Setback;
use crate::signing::Signing;
use crate::store_gate::StoreGate;
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
    pub(crate) saver: Saver,
    pub(crate) rule_sets: Arc<RuleSets>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) builds: KnownBuilds,
    pub(crate) shell: Shell,
}

impl JobRunner {
    /// Runs a job to its end and returns the word for it.
    pub(crate) async fn run(&self, job: &TakenJob) -> &'static str {
        let setback = match self.try_run(job).await {
            Ok(end) => return end,
            Err(setback) => setback,
        };
        let given_up = GivenUp::for_good(&setback);
        let last = job.attempts >= limits::REFUSED_ATTEMPTS_MAX;
        let Some(given_up) = given_up.filter(|_| last) else {
            return self.give_back(job, &setback).await;
        };
        let reason = error_chain(&setback);
        tracing::error!(crash_id = %job.crash_id, error = reason, "a job is given up");
        match self.give_up(job, &given_up).await {
            Ok(end) => end,
            Err(setback) => self.give_back(job, &setback).await,
        }
    }

    async fn try_run(&self, job: &TakenJob) -> Result<&'static str, Setback> {
        if job.lost_leases >= limits::LOST_LEASES_MAX {
            return self.give_up(job, &GivenUp::leases_lost(job.lost_leases)).await;
        }
        let started_at = self.shell.clock.now();
        let Some(raw) = self.store.get_raw(job.crash_id).await? else {
            tracing::warn!(crash_id = %job.crash_id, "the store has no such raw crash");
            return self.complete(job, JobOutcome::RawGone).await;
        };
        let raw = Arc::new(raw);
        let walking = Walking {
            store: &*self.store,
            pool: &self.pool,
            clock: &*self.shell.clock,
            temp_dir: &self.config.temp_dir,
        };
        let walked = walking.all(job, &raw).await?;
        let memory_report = walking.memory_report(&raw).await?;
        let files = Files { walks: walked.walks, memory_report };
        let made = process_beside(&raw, files, &self.known().await?).await?;
        for rule in &made.failed_rules {
            metrics::PROCESSOR_FAILED_RULES.add(1, &[rule]);
            tracing::warn!(crash_id = %job.crash_id, rule, "a rule failed");
        }
        let old = self.store.get_processed(job.crash_id).await?;
        let verdict = self.judge(job, started_at, made, old);
        let outcome = if walked.poisoned { JobOutcome::Poison } else { JobOutcome::Processed };
        let (document, outcome) = self.store_verdict(verdict, outcome).await?;
        self.save(job, report_row(&raw, &document), outcome).await
    }

    /// What processing needs to know beside the crash.
    async fn known(&self) -> Result<Known, Setback> {
        let builds = self.builds.current(&self.database, &*self.shell.clock).await?;
        let (rule_sets, signing) = (Arc::clone(&self.rule_sets), Arc::clone(&self.signing));
        Ok(Known { builds, rule_sets, signing })
    }

    /// Ends a job without a walk, with a report that says why.
    async fn give_up(&self, job: &TakenJob, why: &GivenUp) -> Result<&'static str, Setback> {
        let started_at = self.shell.clock.now();
        let Some(raw) = last_raw(&*self.store, job.crash_id).await? else {
            return self.complete(job, JobOutcome::RawGone).await;
        };
        let raw = Arc::new(raw);
        let mut made = process_beside(&raw, why.walks(&raw).into(), &self.known().await?).await?;
        why.mark(&mut made);
        let old = unless_refused(self.store.get_processed(job.crash_id).await)?.flatten();
        let verdict = self.judge(job, started_at, made, old);
        let stored = match self.store_verdict(verdict, GivenUp::OUTCOME).await {
            Ok((document, _)) => Some(document),
            Err(setback) => {
                // What can't be stored has a row at least, by which it is found.
                GivenUp::for_good(&setback).ok_or(setback)?;
                None
            }
        };
        let (generation, quality) =
            stored.as_ref().map_or((job.generation, Quality::NoStack), |document| {
                (document.envelope.generation, document.envelope.quality)
            });
        let bare = || bare_row(&raw, generation, quality, &why.note);
        let row = stored.as_ref().map_or_else(bare, |document| report_row(&raw, document));
        match self.save(job, row, GivenUp::OUTCOME).await {
            Err(Setback::Database(_)) => self.save(job, bare(), GivenUp::OUTCOME).await,
            end => end,
        }
    }

    fn judge(
        &self,
        job: &TakenJob,
        started_at: Timestamp,
        made: Processed,
        old: Option<ProcessedDocument>,
    ) -> Verdict {
        let completed_at = self.shell.clock.now();
        let run = Run { job, processor: &self.name, started_at, completed_at };
        document::judge(&run, made, old)
    }

    /// The store first, row and job after it: a job is over only when its result is durable.
    ///
    /// An end that says more than that all went well stays what it is where the better report is
    /// kept: `poison` and `lost` are about the crash, whichever report is shown.
    async fn store_verdict(
        &self,
        verdict: Verdict,
        outcome: JobOutcome,
    ) -> Result<(ProcessedDocument, JobOutcome), Setback> {
        match verdict {
            Verdict::KeepOld(old) if outcome == JobOutcome::Processed => {
                Ok((old, JobOutcome::KeptOld))
            }
            Verdict::KeepOld(old) => Ok((old, outcome)),
            Verdict::Write(document) => {
                self.store.put_processed(&document).await?;
                Ok((document, outcome))
            }
        }
    }

    async fn save(
        &self,
        job: &TakenJob,
        report: Report,
        outcome: JobOutcome,
    ) -> Result<&'static str, Setback> {
        let run = FinishedRun { report, job: job.clone(), outcome };
        Ok(word(self.saver.save(run).await?, outcome))
    }

    /// Ends a job that has no report, again and again while the database is away.
    async fn complete(&self, job: &TakenJob, outcome: JobOutcome) -> Result<&'static str, Setback> {
        let mut backoff = Backoff::new(Duration::from_millis(100), COMPLETE_BACKOFF_MAX);
        loop {
            match self.database.complete_job(job, outcome).await {
                Ok(completion) => return Ok(word(completion, outcome)),
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
            Setback::Store(_) | Setback::Database(_) | Setback::Passing(_) => {
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
    fn is_down(&self, error: &StoreError) -> bool {
        self.gate.met(error);
        error.class != ErrorClass::Permanent
    }
}

/// The word for an end.
fn word(completion: Completion, outcome: JobOutcome) -> &'static str {
    match completion {
        Completion::Completed => outcome.as_str(),
        Completion::QueuedAgain => "queued_again",
        Completion::Refused => "refused",
    }
}

/// What the store answered; nothing where it refuses for good.
fn unless_refused<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == ErrorClass::Permanent => Ok(None),
        Err(error) => Err(error),
    }
}
