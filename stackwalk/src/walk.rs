//! One dump's walk, in this process.

mod process;
mod stacks;

use std::collections::BTreeMap;

use auxilio_common::limits;
use auxilio_symbols::{DumpSymbols, ModuleSymbols, SymbolStore};
use minidump_processor::ProcessState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounded_buffer::BoundedBuffer;
use crate::{DumpHints, DumpMap, Truncation, caps, json};

pub(crate) use process::WalkedState;
pub(crate) use stacks::FrameCount;

/// A dump that gives no report, by the name that the reader of dumps has for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("the dump can't be read: {status}")]
pub struct Unreadable {
    /// `EmptyMinidump`, or the reader's name: `MissingHeader`, `HeaderMismatch`,
    /// `MissingThreadList` …; `OversizedReport` if its JSON would be too large, `OverlappingRecords`
    /// if its parts lie over each other so that it can't be cut to the limits.
    pub status: String,
}

/// What is to be known of a walk beside its report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkFacts {
    /// Modules whose symbols are there but could not be used: unreadable or corrupt.
    pub symbols_failed: u64,
    /// Modules whose symbols no store has.
    pub symbols_absent: u64,
    /// What was left out because of limits.
    pub truncation: Truncation,
}

/// A finished walk.
#[derive(Clone, Debug)]
pub struct Walked {
    /// `json_dump` as JSON text, one object.
    pub json: Vec<u8>,
    /// What is to be known beside it.
    pub facts: WalkFacts,
}

/// Walks a dump. The mapping is cut to the limits on the way.
///
/// It takes seconds of CPU at worst and must not run on a thread of an async runtime.
pub fn walk_dump(
    dump: &mut DumpMap,
    store: &SymbolStore,
    hints: &DumpHints,
) -> Result<Walked, Unreadable> {
    if dump.is_empty() {
        return Err(Unreadable { status: "EmptyMinidump".to_owned() });
    }
    let mut truncation = caps::apply(dump)?;
    let symbols = DumpSymbols::new(store);
    let mut state = process::process(dump, &symbols, &mut truncation)?;
    add_hints(&mut state.process, hints);
    let outcomes = symbols.outcomes();
    let facts = WalkFacts {
        symbols_failed: count(outcomes.values(), |symbols| {
            matches!(symbols, ModuleSymbols::Failed { .. } | ModuleSymbols::Corrupt { .. })
        }),
        symbols_absent: count(outcomes.values(), |symbols| **symbols == ModuleSymbols::Absent),
        truncation,
    };
    let limit = usize::try_from(limits::WALK_JSON_BYTES_MAX).unwrap_or(usize::MAX);
    let mut buffer = BoundedBuffer::new(limit);
    json::write(&mut buffer, state, &outcomes, &truncation).map_err(|error| {
        let status = if error.is_io() { "OversizedReport" } else { "UnprintableReport" };
        tracing::warn!(%error, status, "a walked dump gives no report");
        unreadable(status)
    })?;
    Ok(Walked { json: buffer.into_bytes(), facts })
}

pub(crate) fn unreadable(status: &str) -> Unreadable {
    Unreadable { status: status.to_owned() }
}

/// What the client knows and the dump does not.
fn add_hints(state: &mut ProcessState, hints: &DumpHints) {
    let signers = hints.module_signature_info.as_deref().map(serde_json::from_str);
    // A text that is no such object says nothing; the annotation stays in the raw crash.
    // In the order of signers, so that a module with two has the same one in every run.
    let signers: BTreeMap<String, Value> = signers.and_then(Result::ok).unwrap_or_default();
    for (signer, modules) in signers {
        // One odd entry hides no other.
        let modules = modules.as_array().into_iter().flatten().filter_map(Value::as_str);
        state.cert_info.extend(modules.map(|module| (module.to_owned(), signer.clone())));
    }
    if state.system_info.cpu_microcode_version.is_none() {
        let digits = hints.cpu_microcode_version.as_deref().and_then(|v| v.strip_prefix("0x"));
        state.system_info.cpu_microcode_version =
            digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    }
}

fn count<T>(items: impl Iterator<Item = T>, counts: impl Fn(&T) -> bool) -> u64 {
    items.filter(counts).count() as u64
}
