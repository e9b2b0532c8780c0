//! A job: the work of processing one crash, leased to one processor at a time.

use serde::{Deserialize, Serialize};

use crate::{CrashId, Timestamp};

/// The lane that a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Old crashes processed again; yields to the others.
    Reprocess,
    /// New crashes, inserted by the monitor alone.
    Standard,
    /// Somebody is waiting for this crash.
    Priority,
}

impl Lane {
    /// The name in the database and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reprocess => "reprocess",
            Self::Standard => "standard",
            Self::Priority => "priority",
        }
    }
}

/// A run of processing, in milliseconds since the epoch; higher is later.
///
/// Postgres issues one with each take, greater than any earlier one of the same crash. It is the
/// timestamp of all that the run stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub i64);

impl Generation {
    /// The lowest generation that a run of a crash may have: one past its arrival.
    pub fn floor(received_at: Timestamp) -> Self {
        Self(received_at.millis() + 1)
    }
}

/// A job as its taker holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenJob {
    /// The crash to process.
    pub crash_id: CrashId,
    /// The lane that it was taken from.
    pub lane: Lane,
    /// Proof of the lease: who completes the job must show it.
    pub token: i64,
    /// The generation of this run.
    pub generation: Generation,
    /// When the lease runs out, by the database's clock.
    pub lease_until: Timestamp,
    /// How often the job was taken, this time included.
    pub attempts: i32,
    /// How often the dump has killed or timed out its walker.
    pub deaths: i32,
    /// How often a processor let a lease of it run out.
    pub lost_leases: i32,
}
