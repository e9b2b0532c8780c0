//! A processed crash: what the processor says of a crash, and the envelope that it travels in.
//!
//! The same raw crash gives the same processed crash, byte for byte. Everything that differs
//! between two runs (generation, quality, times, processor, notes of the run) stands in the
//! envelope beside it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CrashId, Generation, Timestamp};

/// How good a run was; a better one is never replaced by a worse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Quality {
    /// There is no stack though a dump came along.
    NoStack = 0,
    /// Symbols that exist could not be had, or a rule failed.
    Partial = 1,
    /// Nothing went wrong.
    Clean = 2,
}

impl From<Quality> for u8 {
    fn from(quality: Quality) -> Self {
        quality as Self
    }
}

impl TryFrom<u8> for Quality {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::NoStack),
            1 => Ok(Self::Partial),
            2 => Ok(Self::Clean),
            other => Err(format!("{other} is no quality: 0, 1 or 2")),
        }
    }
}

/// The processed crash itself: today's field names, sorted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessedCrash(pub Map<String, Value>);

impl ProcessedCrash {
    /// A field's value, unless it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A field's whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    /// Sets a field; `None` leaves it absent.
    pub fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }
}

/// What belongs to one run of processing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessedEnvelope {
    /// The crash.
    pub crash_id: CrashId,
    /// The run's place among all runs of the crash.
    pub generation: Generation,
    /// How good the run was.
    pub quality: Quality,
    /// The processor that ran it.
    pub processor: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Timestamp,
    /// Names of the rules that failed.
    pub failed_rules: Vec<String>,
    /// What the run noted, in order.
    pub notes: Vec<String>,
    /// Notes of the runs before it, newest first.
    #[serde(default)]
    pub history: Vec<String>,
}

/// A processed crash with its envelope: what a store keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessedDocument {
    /// What belongs to the run.
    pub envelope: ProcessedEnvelope,
    /// What is the same for every clean run.
    pub crash: ProcessedCrash,
}
