//! Making a signature: all rules, in their order.

use serde::{Deserialize, Serialize};

use crate::crash_data::CrashData;
use crate::lists::Lists;
use crate::rules::RULES;

/// A signature and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The name of the bucket, at most 255 characters.
    pub signature: String,
    /// All named frames of the thread, before the lists choose; absent where there are none.
    pub proto_signature: Option<String>,
    /// The same as a list: what a change of lists can be tried on.
    pub normalized_frames: Vec<String>,
    /// What a reader of the signature should know.
    pub notes: Vec<String>,
}

/// Makes the signature of a crash.
pub fn generate(crash: &CrashData, lists: &Lists) -> Signature {
    let mut signature = Signature::default();
    for rule in RULES {
        (rule.apply)(crash, lists, &mut signature);
    }
    signature
}

impl Signature {
    /// Puts a mark before the signature.
    pub(crate) fn mark(&mut self, mark: &str) {
        self.signature = format!("{mark} | {}", self.signature);
    }

    /// Adds a note under a rule's name.
    pub(crate) fn note(&mut self, rule: &str, note: &str) {
        self.notes.push(format!("{rule}: {note}"));
    }
}
