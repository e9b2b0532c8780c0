//! Why a run of a job did not come to its end, and what that means for the job.

use auxilio_common::StoreError;

/// A run that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Setback {
    /// The store has trouble: the job goes back as it was.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refuses what the run made of this crash.
    #[error(transparent)]
    Database(auxilio_database::Error),
    /// Something else around the crash failed; it does not count against the dump.
    #[error("{0}")]
    Passing(String),
    /// The dump killed or timed out its own walker: it counts.
    #[error("the stack walker ended: {status} ({how})")]
    Death {
        /// One word for the report.
        status: &'static str,
        /// Signal, exit status or time.
        how: String,
        /// The end of what the walker wrote.
        last_words: Option<String>,
    },
}
