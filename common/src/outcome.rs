//! How a submission and how a job ends: exactly one outcome each, named and counted.

use serde::{Deserialize, Serialize};

/// The end of one submission to the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubmissionOutcome {
    /// Spooled, durable, and to be processed.
    Accepted,
    /// Spooled, durable, and kept until somebody asks.
    Deferred,
    /// A rule did not want it; nothing is stored.
    Discarded,
    /// Answered with an id; nothing is stored.
    FakeAccepted,
    /// Malformed, too large, or not allowed; nothing is stored.
    Refused,
    /// Our own fault: the spool could not take it. The client keeps its copy.
    Failed,
    /// The client went away before its request was whole.
    Aborted,
}

impl SubmissionOutcome {
    /// All of them, in the order of the invariant's sum.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Deferred,
        Self::Discarded,
        Self::FakeAccepted,
        Self::Refused,
        Self::Failed,
        Self::Aborted,
    ];

    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Discarded => "discarded",
            Self::FakeAccepted => "fake_accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// The end of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// The processed crash is stored and its report written.
    Processed,
    /// A better processed crash was there already and stays.
    KeptOld,
    /// The dump killed its walker twice; a report says so.
    Poison,
    /// Too many leases were lost, or store or database refused the crash for good; a report says so.
    Lost,
    /// The store has no raw crash under this id any more.
    RawGone,
    /// The crash that was asked for never reached the store.
    NeverArrived,
}

impl JobOutcome {
    /// The name in the database, in metrics and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::KeptOld => "kept_old",
            Self::Poison => "poison",
            Self::Lost => "lost",
            Self::RawGone => "raw_gone",
            Self::NeverArrived => "never_arrived",
        }
    }
}
