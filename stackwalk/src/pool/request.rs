//! What is asked of a pool, and what it answers.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use auxilio_common::{CrashId, JsonText};
use serde::{Deserialize, Serialize};

use crate::{Truncation, WalkFacts};

/// Who waits for a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkLane {
    /// Nobody in particular.
    Common,
    /// A person. Such a walk has workers of its own and may use idle common ones.
    Priority,
}

/// A dump to walk.
#[derive(Clone, Debug)]
pub struct WalkRequest {
    /// The crash that the dump belongs to.
    pub crash_id: CrashId,
    /// The file that holds the dump. It must not be written or cut while the walk lasts.
    pub path: PathBuf,
    /// Where in the file the dump begins, in bytes.
    pub offset: u64,
    /// Bytes of the dump.
    pub length: u64,
    /// What the client knows beside the dump.
    pub hints: DumpHints,
}

/// Annotations that go into a stack's report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpHints {
    /// The annotation `ModuleSignatureInfo`: JSON text of an object, signer to module names.
    pub module_signature_info: Option<String>,
    /// The annotation `CPUMicrocodeVersion`: `0x` and hexadecimal digits. Counts if the dump itself
    /// has none.
    pub cpu_microcode_version: Option<String>,
}

/// A finished walk.
#[derive(Clone, Debug)]
pub struct Walk {
    /// `json_dump`, in the shape that Socorro's processed crashes have, as the worker wrote it.
    pub json_dump: JsonText,
    /// Modules whose symbols are there but could not be used: the report may get better later.
    pub symbols_failed: u64,
    /// Modules whose symbols no store has.
    pub symbols_absent: u64,
    /// What was left out because of limits.
    pub truncation: Truncation,
}

impl Walk {
    pub(crate) fn new(json_dump: JsonText, facts: WalkFacts) -> Self {
        let WalkFacts { symbols_failed, symbols_absent, truncation } = facts;
        Self { json_dump, symbols_failed, symbols_absent, truncation }
    }
}

/// Why there is no walk.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The worker died of the dump: out of memory (SIGABRT), a panic (exit status 101) …
    #[error("the walker of crash {crash_id} died: {how}")]
    Died {
        /// The crash.
        crash_id: CrashId,
        /// Signal or exit status, as text.
        how: String,
        /// The end of what it wrote to standard error.
        stderr_tail: String,
    },
    /// The walk took too long, and its worker was killed.
    #[error("the walk of crash {crash_id} took longer than {} s", limit.as_secs_f32())]
    TimedOut {
        /// The crash.
        crash_id: CrashId,
        /// The time that it had.
        limit: Duration,
    },
    /// The dump gives no report: it will not do so next time either.
    #[error("the dump of crash {crash_id} can't be read: {status}")]
    Unreadable {
        /// The crash.
        crash_id: CrashId,
        /// `EmptyMinidump`, or the reader's name: `MissingHeader`, `MissingThreadList` …
        status: String,
    },
    /// The dump's file could not be read by the worker.
    #[error("read the dump's file: {0}")]
    Io(String),
    /// A worker could not be started.
    #[error("start a stack walker")]
    Start(#[source] io::Error),
}
