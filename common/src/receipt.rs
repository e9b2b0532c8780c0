//! Receipts: what anybody may know of a crash's way, and nothing of what its client said.

use serde::{Deserialize, Serialize};

use crate::{RawCrash, Throttle, Timestamp};

/// What the collector noted when it took a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The moment of the request's head; for a replay, the moment that the replay names.
    pub submitted_timestamp: Timestamp,
    /// The collector's own clock at arrival.
    pub received_at: Timestamp,
    /// The verdict.
    pub throttle: Throttle,
    /// The rule that decided.
    pub throttle_rule: String,
    /// Share of such crashes that is kept, in percent.
    pub sample_percent: f64,
    /// Bytes of the body on the wire.
    pub payload_size: u64,
    /// How many annotations it has.
    pub annotations: usize,
    /// How many dumps and other files it has.
    pub dumps: usize,
    /// Bytes of these together.
    pub dump_bytes: u64,
    /// Whether a trusted submitter chose the id.
    pub id_supplied: bool,
}

impl Receipt {
    /// The receipt of a crash.
    pub fn of(crash: &RawCrash) -> Self {
        let metadata = &crash.metadata;
        Self {
            submitted_timestamp: metadata.submitted_timestamp,
            received_at: metadata.received_at,
            throttle: metadata.throttle,
            throttle_rule: metadata.throttle_rule.clone(),
            sample_percent: metadata.sample_percent,
            payload_size: metadata.payload_size,
            annotations: crash.annotations.len(),
            dumps: crash.dumps.len(),
            dump_bytes: crash.dumps.iter().map(|dump| dump.length).sum(),
            id_supplied: metadata.id_supplied,
        }
    }
}

/// A crash's file in a spool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpooledReceipt {
    /// `primary`, `fallback` or `further`: a folder's name is nobody's business.
    pub spool: String,
    /// The lane that it waits in; `None` in quarantine.
    pub lane: Option<String>,
    /// Why it is in quarantine, in a word.
    pub quarantined: Option<String>,
    /// When its file was written.
    pub spooled_at: Timestamp,
    /// Bytes of the file.
    pub bytes: u64,
    /// What its envelope says; `None` if that can't be read.
    pub receipt: Option<Receipt>,
}

/// A crash's way out of a spool, as its crashmover remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedReceipt {
    /// `primary`, `fallback` or `further`.
    pub spool: String,
    /// `stored`, `duplicate` or `quarantined`.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
}

/// What a crashmover knows of a crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrashmoverReceipt {
    /// Its files in the spools that could be looked into.
    pub files: Vec<SpooledReceipt>,
    /// How it left them, the latest last, as far as that is remembered.
    pub carried: Vec<CarriedReceipt>,
    /// Spools that could not be looked into.
    pub not_asked: Vec<String>,
}
