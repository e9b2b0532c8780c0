//! What a pool and its workers say to each other: lines of JSON on the worker's standard input and
//! output. After an [`Answer::Walked`] line come exactly `json_bytes` bytes of JSON.

use std::path::PathBuf;

use auxilio_common::CrashId;
use serde::{Deserialize, Serialize};

use crate::{DumpHints, WalkFacts, WalkRequest};

/// Bytes of an answer's line: it holds numbers and one error's text.
pub(crate) const LINE_BYTES_MAX: u64 = 64 * 1024;

/// The first line to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// Symbol stores, asked in this order.
    pub(crate) stores: Vec<PathBuf>,
    /// Folder of symbol indexes.
    pub(crate) cache: PathBuf,
    /// Address space that the worker may take beyond what it has at start, in bytes.
    pub(crate) address_space_bytes: u64,
}

/// Every further line to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The crash, for messages.
    pub(crate) crash_id: CrashId,
    /// The file that holds the dump.
    pub(crate) path: PathBuf,
    /// Where the dump begins.
    pub(crate) offset: u64,
    /// Bytes of the dump.
    pub(crate) length: u64,
    /// What the client knows beside the dump.
    pub(crate) hints: DumpHints,
}

impl Request {
    pub(crate) fn of(request: &WalkRequest) -> Self {
        let WalkRequest { crash_id, path, offset, length, hints } = request.clone();
        Self { crash_id, path, offset, length, hints }
    }
}

/// A line from a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The worker has started and taken its limits. The answer to [`Hello`].
    Ready,
    /// The request was read and the walk begins: from here on a death is the dump's doing.
    Begun,
    /// An index is being made first, of a symbol file of so many bytes: it takes as long as it
    /// takes, and the dump is not to blame.
    Indexing { bytes: u64 },
    /// The dump was walked.
    Walked {
        /// Bytes of JSON after this line.
        json_bytes: u64,
        /// Memory that the worker holds now, in bytes, mapped files aside.
        resident_bytes: u64,
        /// What is to be known beside the JSON.
        facts: WalkFacts,
    },
    /// The dump gives no report.
    Unreadable {
        /// The reader's name for it.
        status: String,
    },
    /// The dump's file could not be read.
    Io {
        /// The error's text.
        message: String,
    },
}
