//! A crash reduced to what its signature is made from: small enough to be kept for each crash, so that
//! another set of lists can be tried on it later.
//!
//! It is a crash as any other, and is signed in the same way. Whatever the lists and the style,
//! signature, proto signature and group key are those of the whole crash: functions are normalised only
//! where normalising them once more changes nothing, and everything that no rule can see is gone.

use auxilio_common::limits;
use serde_json::{Map, Value, json};

use crate::crash_data::{CrashData, Frame, Inline, Module, Thread, UnloadedModule};
use crate::normalise::{Namer, filled};
use crate::{java_stack, json as values, source_path};

/// What a thread's name must hold for the first thread to be looked at as well.
const WATCHDOG: &str = "RunWatchdog";

/// The file of a function of Rust, where only that is to be known.
const RUST_FILE: &str = "/.rs";

impl CrashData {
    /// What of the crash a signature is made from.
    #[must_use]
    pub fn reduced(&self) -> Self {
        let java = values::filled(self.java_stack_trace.as_ref()).map(first_lines);
        let exception = values::filled(self.java_exception.as_ref()).filter(|_| java.is_none());
        let mut reduced = Self {
            threads: None,
            modules: None,
            java_exception: exception.map(reduced_exception),
            java_stack_trace: java,
            additional_minidumps: None,
            os: self.os.clone(),
            reason: self.reason.clone(),
            js_large_allocation_failure: self.js_large_allocation_failure.clone(),
            abort_message: self.abort_message.clone(),
            hang: self.hang.clone(),
            async_shutdown_timeout: self.async_shutdown_timeout.clone(),
            ipc_channel_error: self.ipc_channel_error.clone(),
            ipc_message_name: self.ipc_message_name.clone(),
            mdsw_status_string: self.mdsw_status_string.clone(),
            ..*self
        };
        if filled(self.ipc_channel_error.as_deref()).is_some() {
            reduced.additional_minidumps.clone_from(&self.additional_minidumps);
        }
        let is_java = reduced.java_stack_trace.is_some() || reduced.java_exception.is_some();
        self.reduce_threads(is_java, &mut reduced);
        reduced
    }

    /// As JSON, without what is absent.
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(crash) = &mut value {
            crash.retain(|_, value| !value.is_null());
            for key in ["threads", "modules"] {
                crash.get_mut(key).map(strip);
            }
        }
        value.to_string()
    }

    /// The crashing thread, and before it the first if it may be asked for.
    fn reduce_threads(&self, is_java: bool, reduced: &mut Self) {
        let crashing = self.thread(self.crashing_index());
        let is_first = self.crashing_index() == 0
            || crashing.zip(self.thread(0)).is_some_and(|(one, other)| std::ptr::eq(one, other));
        let frames_of = |thread: &Thread| {
            (!is_java).then(|| reduced_frames(thread)).filter(|frames| !frames.is_empty())
        };
        let kept = crashing.map(|thread| Thread {
            frames: frames_of(thread),
            last_error_value: thread.last_error_value.clone(),
            thread_name: thread.thread_name.clone(),
        });
        let mut threads = Vec::new();
        if !is_first {
            let may_be_watched = holds_in_order(&reduced.to_json(), WATCHDOG)
                || kept.as_ref().is_some_and(is_watchdog);
            let first = self.thread(0).filter(|_| may_be_watched);
            let frames = first.and_then(frames_of);
            threads.push(Thread { frames, ..Thread::default() });
        }
        reduced.crashing_thread = self.crashing_thread.map(|_| i64::from(!is_first));
        threads.extend(kept);
        if !is_java {
            let frames = crashing.and_then(|thread| thread.frames.as_deref()).unwrap_or_default();
            reduced.modules = self.needed_modules(frames);
        }
        reduced.threads = (!threads.is_empty()).then(|| threads.into());
    }

    /// The program itself, and the modules whose builds a group key may name.
    fn needed_modules(&self, frames: &[Frame]) -> Option<Box<[Module]>> {
        let modules = self.modules.as_deref().filter(|modules| !modules.is_empty())?;
        let mut places = vec![0];
        for (_, frame) in placed(frames) {
            let name = filled(frame.module.as_deref()).unwrap_or_default();
            places.extend(modules.iter().position(|module| {
                module.filename.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name))
            }));
        }
        places.sort_unstable();
        places.dedup();
        let kept = places.into_iter().map(|place| {
            let Module { filename, debug_id, code_id } = modules[place].clone();
            let code_id = code_id.filter(|_| filled(debug_id.as_deref()).is_none());
            Module { filename, debug_id, code_id }
        });
        Some(kept.collect())
    }
}

/// Those of the frames whose place in their module may stand in a group key: the first that has a
/// module, and those without a function.
fn placed(frames: &[Frame]) -> impl Iterator<Item = (usize, &Frame)> {
    let first = frames.iter().position(|frame| filled(frame.module.as_deref()).is_some());
    let frames = frames.iter().enumerate().take(limits::SIGNATURE_FRAMES_MAX);
    frames.filter(move |(place, frame)| {
        filled(frame.module.as_deref()).is_some() && (Some(*place) == first || !has_function(frame))
    })
}

fn has_function(frame: &Frame) -> bool {
    let inlined = frame.inlines.iter().flatten().map(|inline| (&inline.function, &inline.file));
    let mut functions = inlined.chain([(&frame.function, &frame.file)]);
    Namer::with(|namer| {
        functions.any(|(function, file)| {
            let function = filled(function.as_deref());
            function.is_some_and(|function| namer.bare(function, file.as_deref()).is_some())
        })
    })
}

fn reduced_frames(thread: &Thread) -> Box<[Frame]> {
    let frames = thread.frames.as_deref().unwrap_or_default();
    let placed: Vec<usize> = placed(frames).map(|(place, _)| place).collect();
    let frames = frames.iter().enumerate().take(limits::SIGNATURE_FRAMES_MAX);
    frames.map(|(place, frame)| reduced_frame(frame, placed.contains(&place))).collect()
}

fn reduced_frame(frame: &Frame, is_placed: bool) -> Frame {
    let reduce = |function: Option<&str>, file, line| {
        of_function(filled(function), filled(file), line)
            .unwrap_or_else(|| without_function(filled(file), line))
    };
    let module = filled(frame.module.as_deref());
    let inlines = frame.inlines.iter().flatten();
    let inlines = inlines
        .map(|inline| reduce(inline.function.as_deref(), inline.file.as_deref(), inline.line));
    let inlines: Box<[Inline]> = inlines.collect();
    let own = reduce(frame.function.as_deref(), frame.file.as_deref(), frame.line);
    let is_unnamed = own.function.is_none() || inlines.iter().any(|one| one.function.is_none());
    let offset = frame.offset.clone().filter(|_| module.is_none() && is_unnamed);
    Frame {
        module: module.map(Box::from),
        function: own.function,
        file: own.file,
        line: own.line,
        module_offset: frame.module_offset.clone().filter(|_| is_placed),
        offset,
        inlines: (!inlines.is_empty()).then_some(inlines),
        unloaded_modules: if module.is_none() { unloaded(frame) } else { None },
    }
}

/// A function by its normalised name, if that name is its own; the line, because some lists want it.
/// None if nothing of it can be read.
fn of_function(function: Option<&str>, file: Option<&str>, line: Option<i64>) -> Option<Inline> {
    let function = function?;
    let kept = file.and_then(source_path::rust_path).is_some().then_some(RUST_FILE);
    Namer::with(|namer| {
        let name = namer.bare(function, file)?.to_owned();
        let is_own = namer.bare(&name, kept) == Some(&name);
        let (function, file) = if is_own { (&*name, kept) } else { (function, file) };
        let (function, file) = (Some(function.into()), file.map(Box::from));
        Some(Inline { function, file, line })
    })
}

/// Without a function a file names a frame only together with its line.
fn without_function(file: Option<&str>, line: Option<i64>) -> Inline {
    let line = line.filter(|line| *line != 0 && file.is_some());
    let file = file.filter(|_| line.is_some()).map(|file| {
        let name = source_path::base_name(file);
        let is_own = !name.is_empty() && source_path::base_name(name) == name;
        if is_own { name } else { file }
    });
    Inline { function: None, file: file.map(Box::from), line }
}

/// The first unloaded module names the frame, the first with a name may stand in a group key.
fn unloaded(frame: &Frame) -> Option<Box<[UnloadedModule]>> {
    let modules = frame.unloaded_modules.as_deref()?;
    let (first, others) = modules.split_first()?;
    let mut kept = vec![first.clone()];
    if filled(first.module.as_deref()).is_none() {
        kept.extend(others.iter().find(|one| filled(one.module.as_deref()).is_some()).cloned());
    }
    Some(kept.into())
}

/// Of a Java stack the first two lines make the signature.
fn first_lines(trace: &Value) -> Value {
    match trace {
        Value::String(text) => java_stack::told_part(text).into(),
        // That it is no text is all that counts.
        _ => Value::Bool(true),
    }
}

/// Of an exception class and first frame of what began it all.
fn reduced_exception(exception: &Value) -> Value {
    let stack = exception.pointer("/exception/values/0/stacktrace").and_then(Value::as_object);
    let Some(stack) = stack.filter(|stack| !stack.is_empty()) else { return Value::Bool(true) };
    let texts = |from: &dyn Fn(&str) -> Option<Value>, keys: &[&str]| -> Map<String, Value> {
        let text = |key: &&str| Some(((*key).to_owned(), from(key).filter(Value::is_string)?));
        keys.iter().filter_map(text).collect()
    };
    let mut kept = texts(&|key| stack.get(key).cloned(), &["module", "type"]);
    let frame = stack.get("frames").and_then(|frames| frames.get(0));
    let frame = frame
        .map(|frame| texts(&|key| frame.get(key).cloned(), &["module", "function", "filename"]));
    kept.insert("frames".to_owned(), frame.into_iter().map(Value::Object).collect());
    json!({"exception": {"values": [{"stacktrace": kept}]}})
}

/// Whether a name of the thread can come to hold the watchdog's. Normalising takes parts out and puts
/// `<T>` in, so what a name comes to hold stands in it in this order before.
fn is_watchdog(thread: &Thread) -> bool {
    thread.frames.iter().flatten().any(|frame| {
        let inlined = frame.inlines.iter().flatten();
        let inlined = inlined.flat_map(|inline| [&inline.function, &inline.file]);
        let unloaded = frame.unloaded_modules.iter().flatten().map(|one| &one.module);
        let own = [&frame.function, &frame.file, &frame.module, &frame.offset];
        inlined.chain(unloaded).chain(own).flatten().any(|text| holds_in_order(text, WATCHDOG))
    })
}

fn holds_in_order(text: &str, wanted: &str) -> bool {
    let mut text = text.bytes();
    wanted.bytes().all(|byte| text.any(|found| found == byte))
}

/// Takes away what is absent, at any depth.
fn strip(value: &mut Value) {
    match value {
        Value::Object(parts) => {
            parts.retain(|_, part| !part.is_null());
            parts.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
