//! The document of a run, and whether it replaces the one that the store has.

use auxilio_common::job::TakenJob;
use auxilio_common::{ProcessedDocument, ProcessedEnvelope, Timestamp};

use crate::process::Processed;

/// Runs that a document remembers by their notes.
const HISTORY_RUNS_MAX: usize = 10;

/// When and where a run took place.
pub(crate) struct Run<'a> {
    pub(crate) job: &'a TakenJob,
    pub(crate) processor: &'a str,
    pub(crate) started_at: Timestamp,
    pub(crate) completed_at: Timestamp,
}

/// What to do with a run's result.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Store it.
    Write(ProcessedDocument),
    /// What the store has is better, or of a later run, and stays.
    KeepOld(ProcessedDocument),
}

/// Puts a run's result into its envelope and compares it with what the store has.
///
/// A later run in the store means one of two things. Either this run lost its lease: then whatever
/// it says of its end is refused. Or the lease holds, and Postgres knows less than the store, because
/// it was restored or its clock went back: then the row is written from what the store has, so that
/// both carry one generation.
pub(crate) fn judge(run: &Run<'_>, made: Processed, old: Option<ProcessedDocument>) -> Verdict {
    match old {
        Some(old)
            if old.envelope.generation > run.job.generation
                || old.envelope.quality > made.quality =>
        {
            Verdict::KeepOld(old)
        }
        old => Verdict::Write(document(run, made, old)),
    }
}

fn document(run: &Run<'_>, made: Processed, old: Option<ProcessedDocument>) -> ProcessedDocument {
    let envelope = ProcessedEnvelope {
        crash_id: run.job.crash_id,
        generation: run.job.generation,
        quality: made.quality,
        processor: run.processor.to_owned(),
        started_at: run.started_at,
        completed_at: run.completed_at,
        failed_rules: made.failed_rules,
        notes: made.notes,
        history: old.map(|old| history(old.envelope, run)).unwrap_or_default(),
    };
    ProcessedDocument { envelope, crash: made.crash }
}

/// The runs before, newest first. A retry of the same run is none.
fn history(old: ProcessedEnvelope, run: &Run<'_>) -> Vec<String> {
    if old.generation == run.job.generation {
        return old.history;
    }
    let latest = format!("{} {}: {}", old.completed_at, old.processor, old.notes.join("; "));
    std::iter::once(latest).chain(old.history).take(HISTORY_RUNS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use auxilio_common::{Generation, Lane, Quality};

    use super::*;
    use crate::sample::{processed, raw};

    fn job(generation: i64) -> TakenJob {
        TakenJob {
            crash_id: raw(&[]).crash_id,
            lane: Lane::Standard,
            token: 1,
            generation: Generation(generation),
            lease_until: Timestamp::from_micros(0),
            attempts: 1,
            deaths: 0,
            lost_leases: 0,
        }
    }

    fn judged(generation: i64, quality: Quality, old: Option<ProcessedDocument>) -> Verdict {
        let job = job(generation);
        let at = Timestamp::from_micros(0);
        let run = Run { job: &job, processor: "p", started_at: at, completed_at: at };
        judge(&run, Processed { quality, ..processed(&raw(&[])) }, old)
    }

    fn written(verdict: Verdict) -> ProcessedDocument {
        let Verdict::Write(document) = verdict else { panic!("{verdict:?} is no write") };
        document
    }

    #[test]
    fn a_worse_run_never_replaces_a_better_one() {
        let old = written(judged(1, Quality::Partial, None));
        assert!(
            matches!(judged(2, Quality::NoStack, Some(old.clone())), Verdict::KeepOld(kept) if kept == old)
        );
        let equal = written(judged(2, Quality::Partial, Some(old.clone())));
        assert_eq!(equal.envelope.generation, Generation(2));
        let better = written(judged(2, Quality::Clean, Some(old)));
        assert_eq!(better.envelope.quality, Quality::Clean);
    }

    #[test]
    fn an_older_run_never_replaces_a_newer_one() {
        let newer = written(judged(9, Quality::NoStack, None));
        assert!(
            matches!(judged(8, Quality::Clean, Some(newer.clone())), Verdict::KeepOld(kept) if kept == newer)
        );
    }

    #[test]
    fn runs_before_are_remembered_newest_first_and_a_retry_is_none() {
        let first = written(judged(1, Quality::Clean, None));
        assert!(first.envelope.history.is_empty());
        let mut latest = written(judged(2, Quality::Clean, Some(first)));
        assert_eq!(latest.envelope.history.len(), 1);
        latest = written(judged(2, Quality::Clean, Some(latest)));
        assert_eq!(latest.envelope.history.len(), 1);
        for generation in 3..30 {
            latest = written(judged(generation, Quality::Clean, Some(latest)));
        }
        assert_eq!(latest.envelope.history.len(), HISTORY_RUNS_MAX);
    }
}
