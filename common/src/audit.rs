//! What is astray in a store: parts of a crash whose other parts are not where they belong.
//!
//! A crash in a store is a raw crash with its dumps, perhaps a processed crash, and rows of indexes
//! that lead to it. Each is written by itself, in an order that makes a cut harmless; what was left
//! by a cut that nobody repeated, or by an accident of the store itself, is found by an audit. It
//! goes through one scope in pages and says what it found; whether a find is really lost or only
//! on its way is for the caller to judge, who knows the spools.

use std::fmt;

use crate::{CrashId, Day, Timestamp};

/// What an audit goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditScope {
    /// The crashes of a day: what there is of each, and their rows of the two lasting indexes.
    Crashes(Day),
    /// Whether all bytes of these crashes' dumps are there. It may cost the store the reading of them.
    Dumps(Day),
    /// The rows of the index by submitted time, of a day.
    Submitted(Day),
    /// All rows of the index of unprocessed crashes.
    Unprocessed,
    /// All rows of the index by hang.
    Hangs,
}

impl fmt::Display for AuditScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashes(day) => write!(f, "the crashes of {day}"),
            Self::Dumps(day) => write!(f, "the dumps of {day}"),
            Self::Submitted(day) => write!(f, "the index by submitted time of {day}"),
            Self::Unprocessed => f.write_str("the unprocessed index"),
            Self::Hangs => f.write_str("the index by hang"),
        }
    }
}

/// The indexes of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// By `submitted_timestamp`. Every crash has a row.
    Submitted,
    /// Crashes that the monitor has not queued yet.
    Unprocessed,
    /// By hang id. Every crash with one has a row.
    Hang,
}

impl Index {
    /// Its name for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Unprocessed => "unprocessed",
            Self::Hang => "hang",
        }
    }
}

/// Where a page of an audit begins, in the store's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlace(pub Vec<u8>);

/// A page of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// How many crashes or rows were looked at.
    pub looked_at: usize,
    /// What is astray among them.
    pub strays: Vec<Stray>,
    /// Where the next page begins; `None` at the end. A page without finds is not the end.
    pub next: Option<AuditPlace>,
}

/// Something astray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The crash that it is a part of.
    pub crash_id: CrashId,
    /// When it came into being, as well as the store can tell: the arrival of the crash or later.
    pub since: Timestamp,
    /// What it is.
    pub what: Astray,
}

/// What may be astray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Astray {
    /// Parts of a raw crash whose put did not come to its end. Readers see no crash.
    Unfinished {
        /// Bytes that it takes.
        bytes: u64,
    },
    /// A raw crash of which a part is missing or unreadable.
    Damaged {
        /// Which part, without a word that a client sent.
        what: String,
    },
    /// A processed crash without its raw crash.
    ProcessedAlone,
    /// A raw crash that is whole and has no row in this index.
    Unlisted(Index),
    /// A row of an index without a raw crash behind it.
    RowAlone {
        /// The index.
        index: Index,
        /// Which row, in the store's own words.
        row: Vec<u8>,
    },
}

/// What can be done about a stray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// What it lacks can be made from what is there.
    Mendable,
    /// It holds nothing that anybody needs.
    Removable,
    /// It is for a person to look at, or not astray any more.
    Neither,
}

/// What became of a try to mend a stray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// All that it lacked is there again.
    Mended,
    /// It is not astray, or not any more.
    NotAstray,
    /// What it lacks can't be made from what is there. Nothing was changed.
    Impossible,
}
