//! One crash on its way: opened, stored, removed; or put aside, or tried again.

use std::sync::Arc;

use auxilio_common::blocking::may_block;
use auxilio_common::storage::{ErrorClass, IndexEntry, PutRaw};
use auxilio_common::{RawEnvelope, StoreError, Throttle};
use auxilio_service::error_chain;
use auxilio_service::metrics::{CRASHMOVER_FAILURES, CRASHMOVER_MOVED, CRASHMOVER_PUT};
use auxilio_spool::{Claim, Envelope, Error as SpoolError};

use crate::mover::{Load, Mover};
use crate::way_out::name_of;

/// How the texts of failures begin; so do the reasons in quarantine.
const REFUSED: &str = "carry the crash";
const DAMAGED: &str = "use the spool";
const ID_TAKEN: &str = "another crash has this id";

/// Why a crash is not in the store yet.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{REFUSED}")]
    Store(#[source] StoreError),
    #[error("{DAMAGED}")]
    Spool(#[source] SpoolError),
    #[error("{ID_TAKEN}")]
    IdTaken,
    #[error("the work was cut off")]
    CutOff,
}

impl Failure {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class,
            // A damaged file stays damaged; whatever else the file system says may pass.
            Self::Spool(SpoolError::Damaged { source, .. }) if source.is_damage() => {
                ErrorClass::Permanent
            }
            Self::Spool(_) => ErrorClass::Retry,
            Self::CutOff => ErrorClass::Unknown,
            Self::IdTaken => ErrorClass::Permanent,
        }
    }
}

/// Why a crash is in quarantine, in a word that holds nothing of it: the reason's whole text is for those
/// who may read the spool.
pub(crate) fn quarantine_word(reason: &str) -> &'static str {
    if reason.starts_with(ID_TAKEN) {
        "id_taken"
    } else if reason.starts_with(REFUSED) {
        "refused_by_store"
    } else if reason.starts_with(DAMAGED) {
        "damaged"
    } else {
        "other"
    }
}

/// The name of a class in metrics and logs.
fn class_name(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Retry => "retry",
        ErrorClass::Permanent => "permanent",
        ErrorClass::Unknown => "unknown",
    }
}

impl Mover {
    /// Carries one crash to its end, or lets it wait for another try.
    pub(crate) async fn carry(self: &Arc<Self>, load: Load) {
        let Load { claim, held, backoff, again } = load;
        let crash_id = claim.entry().crash_id;
        let claim = Arc::new(claim);
        let failure = match self.carry_whole(held.spool(), &claim).await {
            Ok(outcome) => {
                let outcome = name_of(outcome);
                CRASHMOVER_MOVED.add(1, &[outcome]);
                tracing::info!(%crash_id, outcome, "crash stored");
                if again {
                    // What failed with it may go through as well now.
                    self.hands.all_due(self.shell.clock.monotonic());
                }
                return;
            }
            Err(failure) => failure,
        };
        let class = failure.class();
        CRASHMOVER_FAILURES.add(1, &[class_name(class)]);
        let text = error_chain(&failure);
        if class == ErrorClass::Permanent {
            match self.quarantine(held.spool(), &claim, &failure).await {
                Ok(()) => {
                    CRASHMOVER_MOVED.add(1, &["quarantined"]);
                    tracing::error!(%crash_id, reason = text, "crash put into quarantine");
                    return;
                }
                Err(error) => {
                    tracing::error!(%crash_id, error = error_chain(&error), "no quarantine");
                }
            }
        }
        self.try_again(held.spool(), claim.entry(), backoff, text);
        // Waiting by now, so that no scan between finds it in nobody's hands.
        drop(held);
    }

    /// Stores the crash, which the store reads back, tells the monitors, and removes it from the spool.
    async fn carry_whole(&self, spool: usize, claim: &Arc<Claim>) -> Result<PutRaw, Failure> {
        let envelope = blocking(claim, Claim::open_whole).await?.map_err(Failure::Spool)?;
        let envelope: Arc<Envelope> = Arc::new(envelope);
        let started = self.shell.clock.monotonic();
        let put = self.store.put_raw(Arc::clone(&envelope) as Arc<dyn RawEnvelope>).await;
        let outcome = put.map_err(Failure::Store)?;
        let took = self.shell.clock.monotonic().saturating_sub(started);
        CRASHMOVER_PUT.record(took.as_secs_f64(), &[]);
        let crash = envelope.raw_crash();
        if outcome == PutRaw::IdTaken {
            return Err(Failure::IdTaken);
        }
        if outcome == PutRaw::Stored && crash.metadata.throttle == Throttle::Accept {
            let received_at = crash.metadata.received_at;
            self.hints.tell(IndexEntry { received_at, crash_id: crash.crash_id });
        }
        let way_out = self.stored(spool, outcome, crash.annotation("ProductName"));
        let remove = move |claim: &Claim| way_out.take(claim, Claim::remove);
        blocking(claim, remove).await?.map_err(Failure::Spool)?;
        Ok(outcome)
    }

    async fn quarantine(
        &self,
        spool: usize,
        claim: &Arc<Claim>,
        failure: &Failure,
    ) -> Result<(), Failure> {
        let reason = error_chain(failure);
        let way_out = self.quarantined(spool, quarantine_word(&reason));
        let put_aside = move |claim: &Claim| way_out.take(claim, |claim| claim.quarantine(&reason));
        blocking(claim, put_aside).await?.map(drop).map_err(Failure::Spool)
    }
}

/// Does something with a claim on a thread for blocking work. Dropped half-way, the work goes on
/// to its end with the file still locked.
async fn blocking<T: Send + 'static>(
    claim: &Arc<Claim>,
    work: impl FnOnce(&Claim) -> T + Send + 'static,
) -> Result<T, Failure> {
    if may_block() {
        return Ok(work(claim));
    }
    let claim = Arc::clone(claim);
    tokio::task::spawn_blocking(move || work(&claim)).await.map_err(|_| Failure::CutOff)
}
