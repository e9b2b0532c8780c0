//! The account of one submission: received at its head, ended in exactly one outcome.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, SubmissionOutcome};
use auxilio_service::metrics;

/// A submission under way. Dropped without an end it counts as aborted.
pub(crate) struct Submission {
    clock: Arc<dyn Clock>,
    began: Duration,
    ended: bool,
}

impl Submission {
    /// Counts a request's head.
    pub(crate) fn begin(clock: Arc<dyn Clock>) -> Self {
        metrics::COLLECTOR_RECEIVED.add(1, &[]);
        metrics::COLLECTOR_IN_FLIGHT.shift(1.0, &[]);
        let began = clock.monotonic();
        Self { clock, began, ended: false }
    }

    /// Counts the outcome, once.
    pub(crate) fn end(mut self, outcome: SubmissionOutcome, reason: &str) {
        self.count(outcome, reason);
    }

    fn count(&mut self, outcome: SubmissionOutcome, reason: &str) {
        self.ended = true;
        metrics::COLLECTOR_IN_FLIGHT.shift(-1.0, &[]);
        metrics::COLLECTOR_ENDED.add(1, &[outcome.as_str(), reason]);
        let took = self.clock.monotonic().saturating_sub(self.began);
        metrics::COLLECTOR_ANSWER.record(took.as_secs_f64(), &[]);
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if !self.ended {
            self.count(SubmissionOutcome::Aborted, "aborted");
        }
    }
}
