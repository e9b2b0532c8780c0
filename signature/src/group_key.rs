//! What groups crashes whose own code has no symbols, where a signature says little: the program's
//! module nearest to the crash and the place in it.
//!
//! A key holds for one build of that module. It never rests on the signal alone: two programs that
//! share nothing else never share a key.

use std::fmt;

use auxilio_common::limits;
use serde::{Deserialize, Serialize};

use crate::crash_data::{CrashData, Frame, Module};
use crate::json;
use crate::lists::{Kind, Lists};
use crate::normalise::{NamedParts, Namer, filled, without_leading_zeros};

/// The key, as text: `module+0xoffset (build id) | in module | reason | thread name`. A part that is
/// not known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupKey(String);

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters of a part of a key: a longer name is told from others by its beginning and its build.
const PART_CHARS_MAX: usize = 60;

impl GroupKey {
    /// The key of a crash; none if its own code has symbols, if it crashed in Java, or if nothing is
    /// known of it but how it ended.
    pub(crate) fn of(crash: &CrashData, lists: &Lists) -> Option<Self> {
        let java = [&crash.java_stack_trace, &crash.java_exception];
        if java.into_iter().any(|java| json::filled(java.as_ref()).is_some()) {
            return None;
        }
        let thread = crash.thread(crash.crashing_index());
        let frames = thread.and_then(|thread| thread.frames.as_deref()).unwrap_or_default();
        let frames = &frames[..frames.len().min(limits::SIGNATURE_FRAMES_MAX)];
        let mut key = match owner(frames, lists) {
            Owner::HasSymbols => return None,
            Owner::Frame(frame) => of_frame(crash, frames, frame),
            Owner::NoFrame => without_owner(crash, frames)?,
        };
        let reason = crash.reason.as_deref().map(part);
        let thread = thread.and_then(|thread| thread.thread_name.as_deref()).map(without_numbers);
        for part in [reason, thread].into_iter().flatten().filter(|part| !part.is_empty()) {
            key.push_str(" | ");
            key.push_str(&part);
        }
        Some(Self(key))
    }
}

/// Whose the crash is.
enum Owner<'a> {
    /// The first of the program's own frames, without symbols.
    Frame(&'a Frame),
    /// The first of the program's own frames has symbols: the signature tells more than a key.
    HasSymbols,
    /// None of the frames is the program's own.
    NoFrame,
}

fn owner<'a>(frames: &'a [Frame], lists: &Lists) -> Owner<'a> {
    for frame in frames.iter().filter(|frame| is_own(frame, lists)) {
        match symbols(frame, lists) {
            Symbols::Telling => return Owner::HasSymbols,
            // Without a module it has no place.
            Symbols::None if filled(frame.module.as_deref()).is_some() => {
                return Owner::Frame(frame);
            }
            Symbols::None | Symbols::Irrelevant => {}
        }
    }
    Owner::NoFrame
}

/// A frame without a module is taken for the program's own.
fn is_own(frame: &Frame, lists: &Lists) -> bool {
    filled(frame.module.as_deref()).is_none_or(|module| !lists.is_foreign(&module.to_lowercase()))
}

/// What the symbols of a frame of the program's own are.
enum Symbols {
    /// It has no function of which anything can be read.
    None,
    /// All its functions are irrelevant: an allocator or a panic that was linked into the program.
    Irrelevant,
    /// It has one that tells something.
    Telling,
}

fn symbols(frame: &Frame, lists: &Lists) -> Symbols {
    let inlined = frame.inlines.iter().flatten().map(|inline| (&inline.function, &inline.file));
    let functions = inlined.chain([(&frame.function, &frame.file)]);
    let mut symbols = Symbols::None;
    let mut name = String::new();
    for (function, file) in functions {
        let function = filled(function.as_deref());
        let parts = NamedParts { function, file: file.as_deref(), ..NamedParts::default() };
        name.clear();
        if !Namer::with(|namer| namer.write_function(&parts, lists, &mut name)) {
            continue;
        }
        if lists.kind(&name) != Kind::Irrelevant {
            return Symbols::Telling;
        }
        symbols = Symbols::Irrelevant;
    }
    symbols
}

/// The owning frame's place, and the module above it that the program crashed in, if that is another:
/// a driver or an allocator is named, not merged.
fn of_frame(crash: &CrashData, frames: &[Frame], frame: &Frame) -> String {
    let module = module_name(crash, frame).unwrap_or_default();
    let mut text = module.clone();
    if let Some(offset) = filled(frame.module_offset.as_deref()) {
        text.push('+');
        text.push_str(&part(&without_leading_zeros(offset)));
    }
    push_build(&mut text, build(crash, frame.module.as_deref()));
    let top = frames.iter().find_map(|frame| module_name(crash, frame));
    if let Some(top) = top.filter(|top| *top != module) {
        text.push_str(" | in ");
        text.push_str(&top);
    }
    text
}

/// Where none of the frames is the program's own: the program itself, and the place where it crashed.
fn without_owner(crash: &CrashData, frames: &[Frame]) -> Option<String> {
    let program = crash.modules.iter().flatten().next();
    let name = program.and_then(|module| filled(module.filename.as_deref())).map(part);
    let top = frames.iter().find(|frame| filled(frame.module.as_deref()).is_some());
    let place = top.map(|frame| of_frame(crash, frames, frame)).or_else(|| {
        let mut unloaded = frames.iter().flat_map(|frame| frame.unloaded_modules.iter().flatten());
        let name = unloaded.find_map(|module| filled(module.module.as_deref()));
        name.map(|name| format!("(unloaded {})", part(name)))
    });
    let Some(mut text) = name else { return place };
    push_build(&mut text, program.and_then(build_of));
    if let Some(place) = place {
        text.push_str(" | in ");
        text.push_str(&place);
    }
    Some(text)
}

fn push_build(text: &mut String, build: Option<&str>) {
    if let Some(build) = build {
        text.push_str(" (");
        text.push_str(&part(build));
        text.push(')');
    }
}

fn module_name(crash: &CrashData, frame: &Frame) -> Option<String> {
    let module = part(filled(frame.module.as_deref())?);
    Some(if crash.os.as_deref() == Some("Windows NT") { module.to_lowercase() } else { module })
}

/// Which build of a module was loaded.
fn build<'a>(crash: &'a CrashData, name: Option<&str>) -> Option<&'a str> {
    let name = filled(name)?;
    let is_it = |module: &&Module| {
        module.filename.as_deref().is_some_and(|filename| filename.eq_ignore_ascii_case(name))
    };
    crash.modules.iter().flatten().find(is_it).and_then(build_of)
}

fn build_of(module: &Module) -> Option<&str> {
    filled(module.debug_id.as_deref()).or(filled(module.code_id.as_deref()))
}

/// A text from outside as a part of a key.
fn part(text: &str) -> String {
    let character = |character: char| if character.is_control() { ' ' } else { character };
    text.trim().chars().take(PART_CHARS_MAX).map(character).collect()
}

/// A thread's name; threads of a pool are one: `Worker 12` as `Worker #`.
fn without_numbers(name: &str) -> String {
    let mut kept = String::new();
    for character in part(name).chars() {
        if !character.is_ascii_digit() {
            kept.push(character);
        } else if !kept.ends_with('#') {
            kept.push('#');
        }
    }
    kept
}

#[cfg(test)]
mod tests;
