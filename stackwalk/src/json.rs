//! `json_dump`, streamed from the processor's state.
//!
//! The shape is that of minidump-stackwalk 0.27 and of Socorro's processed crashes (its
//! json-schema.md): every field may be null, addresses are hexadecimal text padded to the pointer's
//! width. The processor's own `print_json` builds a tree of everything first and costs two to four
//! times the walk. So it prints only the head here, with threads and modules taken out of the
//! state, and these are written straight from their structures.
//!
//! Two keys are ours: `truncation` where something was left out, and `failed_symbols` in modules. Of a
//! long stack both ends are written, and between them an object with the key `truncated` alone, as
//! Socorro has it.

mod frame;
mod hex;
mod module;
mod module_url;
mod thread;

use std::collections::BTreeMap;
use std::io::Write;
use std::mem;

use auxilio_common::limits;
use auxilio_symbols::ModuleSymbols;
use minidump::{MinidumpModuleList, MinidumpUnloadedModuleList};
use minidump_processor::ProcessState;
use serde::Serializer as _;
use serde::ser::SerializeMap as _;
use serde_json::{Map, Value, json};

use crate::Truncation;
use crate::walk::WalkedState;
use hex::Width;
use module::{ModuleJson, UnloadedModuleJson};
use thread::ThreadJson;

/// Writes the whole object.
pub(crate) fn write(
    writer: impl Write,
    state: WalkedState,
    outcomes: &BTreeMap<u64, ModuleSymbols>,
    truncation: &Truncation,
) -> Result<(), serde_json::Error> {
    let WalkedState { process: mut state, frame_counts } = state;
    if state.soft_errors.as_ref().is_some_and(|errors| !is_shallow(errors, limits::JSON_DEPTH_MAX))
    {
        state.soft_errors = Some(json!("left out: nested too deep"));
    }
    let width = Width::of(&state);
    let threads = mem::take(&mut state.threads);
    let modules = mem::replace(&mut state.modules, MinidumpModuleList::new());
    let unloaded = mem::replace(&mut state.unloaded_modules, MinidumpUnloadedModuleList::new());
    let requesting = state.requesting_thread.take();
    let certificates = mem::take(&mut state.cert_info);

    let mut serializer = serde_json::Serializer::new(writer);
    let mut object = serializer.serialize_map(None)?;
    for (key, value) in head(&state, requesting)? {
        object.serialize_entry(&key, &value)?;
    }
    object.serialize_entry("modules_contains_cert_info", &!certificates.is_empty())?;
    object.serialize_entry("thread_count", &threads.len())?;
    let json = |number: usize| ThreadJson {
        thread: &threads[number],
        width,
        frames: frame_counts[number],
        copy_of: None,
    };
    object.serialize_entry("threads", &Each(|| (0..threads.len()).map(json)))?;
    if let Some(number) = requesting.filter(|number| !threads[*number].frames.is_empty()) {
        let crashing = ThreadJson { copy_of: Some(number), ..json(number) };
        object.serialize_entry("crashing_thread", &crashing)?;
    }
    object.serialize_entry(
        "modules",
        &Each(|| {
            modules.iter().map(|module| ModuleJson {
                module,
                width,
                outcomes,
                certificates: &certificates,
            })
        }),
    )?;
    object.serialize_entry(
        "unloaded_modules",
        &Each(|| {
            unloaded.iter().map(|module| UnloadedModuleJson {
                module,
                width,
                certificates: &certificates,
            })
        }),
    )?;
    if truncation.any() {
        object.serialize_entry("truncation", truncation)?;
    }
    object.end()
}

/// Everything but threads and modules, as the processor itself prints it.
fn head(
    state: &ProcessState,
    requesting: Option<usize>,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut text = Vec::new();
    state.print_json(&mut text, false)?;
    let mut head: Map<String, Value> = serde_json::from_slice(&text)?;
    for key in
        ["modules_contains_cert_info", "thread_count", "threads", "modules", "unloaded_modules"]
    {
        head.remove(key);
    }
    if let Some(crash_info) = head.get_mut("crash_info").and_then(Value::as_object_mut) {
        crash_info.insert("crashing_thread".to_owned(), json!(requesting));
    }
    let proc_limits = head.get_mut("proc_limits").and_then(|limits| limits.get_mut("limits"));
    if let Some(proc_limits) = proc_limits.and_then(Value::as_array_mut) {
        // The processor has them in the order of a hash map; one crash must give one report.
        proc_limits.sort_by_cached_key(|limit| limit["name"].to_string());
    }
    Ok(head)
}

/// Whether a value from the dump is nested at most `levels` deep: readers of JSON have limits.
fn is_shallow(value: &Value, levels: usize) -> bool {
    let deeper = |value: &Value| levels > 0 && is_shallow(value, levels - 1);
    match value {
        Value::Array(values) => values.iter().all(deeper),
        Value::Object(fields) => fields.values().all(deeper),
        _ => true,
    }
}

/// A list that is made while it is written.
struct Each<F>(F);

impl<F, I> serde::Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: serde::Serialize,
{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
