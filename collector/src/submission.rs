//! The account of one submission: received at its head, ended in exactly one outcome.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Annotations, Clock, SubmissionOutcome};
use auxilio_service::metrics;
use auxilio_spool::{Event, Ledger};

/// The annotation that names the product.
const PRODUCT: &str = "ProductName";

/// A submission under way. Dropped without an end it counts as aborted.
pub(crate) struct Submission {
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    began: Duration,
    /// Its number in the ledger.
    number: u64,
    product: Option<String>,
    /// That of the file that it is about to leave in the spool.
    ticket: Option<u64>,
    ended: bool,
}

impl Submission {
    /// Counts a request's head.
    pub(crate) fn begin(clock: Arc<dyn Clock>, ledger: Arc<Ledger>) -> Self {
        metrics::COLLECTOR_RECEIVED.add(1, &[]);
        metrics::COLLECTOR_IN_FLIGHT.shift(1.0, &[]);
        let (began, number) = (clock.monotonic(), ledger.receive());
        Self { clock, ledger, began, number, product: None, ticket: None, ended: false }
    }

    /// Notes which product it is of, as soon as that is known.
    pub(crate) fn is_of(&mut self, annotations: &Annotations) {
        self.product = annotations.get(PRODUCT).cloned();
    }

    /// Notes that the draft at this path is about to be spooled: should we be killed, it counts as soon
    /// as it has left that place.
    pub(crate) fn expect(&mut self, draft: &Path, outcome: SubmissionOutcome, reason: &str) {
        let event = self.event(outcome, reason);
        self.ticket = Some(self.ledger.expect(Some(self.number), draft, &event));
    }

    /// Counts the outcome, once.
    pub(crate) fn end(mut self, outcome: SubmissionOutcome, reason: &str) {
        self.count(outcome, reason);
    }

    fn count(&mut self, outcome: SubmissionOutcome, reason: &str) {
        self.ended = true;
        metrics::COLLECTOR_IN_FLIGHT.shift(-1.0, &[]);
        metrics::COLLECTOR_ENDED.add(1, &[outcome.as_str(), reason]);
        let event = self.event(outcome, reason);
        self.ledger.end_submission(self.ticket.take(), event);
        let took = self.clock.monotonic().saturating_sub(self.began);
        metrics::COLLECTOR_ANSWER.record(took.as_secs_f64(), &[]);
    }

    fn event(&self, outcome: SubmissionOutcome, reason: &str) -> Event {
        Event::new(outcome.as_str(), self.product.as_deref(), reason)
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // A panic of ours is answered with 503.
        let (outcome, reason) = if std::thread::panicking() {
            (SubmissionOutcome::Failed, "internal")
        } else {
            (SubmissionOutcome::Aborted, "aborted")
        };
        self.count(outcome, reason);
    }
}
