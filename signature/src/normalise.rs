//! One frame as text: its most telling name.

mod brackets;
mod cpp;
mod holds;
mod memo;
mod prefix;
mod rust;
mod spacing;
mod template;

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write;

use auxilio_common::limits;

use crate::crash_data::{Frame, UnloadedModule};
use crate::lists::Lists;
use crate::{source_path, work};
use memo::{Memo, Slot};

/// A frame to be named: a physical one, or one that was inlined into it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NamedParts<'a> {
    pub(crate) module: Option<&'a str>,
    pub(crate) function: Option<&'a str>,
    pub(crate) file: Option<&'a str>,
    pub(crate) line: Option<i64>,
    pub(crate) offset: Option<&'a str>,
    pub(crate) unloaded: Option<&'a UnloadedModule>,
}

impl<'a> NamedParts<'a> {
    /// The parts of a physical frame.
    pub(crate) fn physical(frame: &'a Frame) -> Self {
        Self {
            module: filled(frame.module.as_deref()),
            function: filled(frame.function.as_deref()),
            file: filled(frame.file.as_deref()),
            line: frame.line,
            offset: filled(frame.offset.as_deref()),
            unloaded: frame.unloaded_modules.as_deref().and_then(<[_]>::first),
        }
    }
}

/// A text that is there and not empty.
pub(crate) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Text on its way from one step to the next; kept from frame to frame, for its memory.
#[derive(Debug, Default)]
struct Scratch {
    spelled: String,
    types: String,
    arguments: String,
    kept: String,
    closers: Vec<u8>,
}

/// Names frames, and remembers how.
#[derive(Debug)]
pub(crate) struct Namer {
    memo: Memo,
    /// The last function that was too long for a place of its own: it is asked for twice.
    long: Slot,
    scratch: Scratch,
}

thread_local! {
    static NAMER_OF_THREAD: RefCell<Namer> = const { RefCell::new(Namer::new()) };
}

impl Namer {
    const fn new() -> Self {
        let scratch = Scratch {
            spelled: String::new(),
            types: String::new(),
            arguments: String::new(),
            kept: String::new(),
            closers: Vec::new(),
        };
        Self { memo: Memo::new(), long: Slot::new(), scratch }
    }

    /// Does something with the thread's own.
    pub(crate) fn with<T>(act: impl FnOnce(&mut Self) -> T) -> T {
        NAMER_OF_THREAD.with_borrow_mut(act)
    }

    /// Writes the first of these that a frame has: function, file and line, module, unloaded module,
    /// address. Nothing where it has none.
    pub(crate) fn write(
        &mut self,
        parts: &NamedParts<'_>,
        lower_case: bool,
        lists: &Lists,
        out: &mut String,
    ) {
        if !self.write_function(parts, lists, out) {
            write_without_function(parts, lower_case, out);
        }
    }

    /// Writes the name of a frame's function, if it has one. One of which nothing is left that could
    /// be read is as good as none: it would leave a signature empty.
    pub(crate) fn write_function(
        &mut self,
        parts: &NamedParts<'_>,
        lists: &Lists,
        out: &mut String,
    ) -> bool {
        let is_rust = parts.file.and_then(source_path::rust_path).is_some();
        let Some(named) = parts.function.and_then(|function| self.read(function, parts.file))
        else {
            return false;
        };
        if lists.keeps_line(named.bare()) {
            // Without a line the text is Python's for nothing: compatibility.
            let line = parts.line.map_or_else(|| "None".to_owned(), |line| line.to_string());
            finish(&format!("{}:{line}", named.bare()), is_rust, out);
        } else {
            work::looks_at(named.finished().len());
            out.push_str(named.finished());
        }
        true
    }

    /// What of a function's name every list sees, before its line is added and its spaces are looked
    /// at; none if nothing of it can be read.
    pub(crate) fn bare(&mut self, function: &str, file: Option<&str>) -> Option<&str> {
        self.read(function, file).map(Slot::bare)
    }

    fn read(&mut self, function: &str, file: Option<&str>) -> Option<&Slot> {
        let path = file.and_then(source_path::rust_path);
        let function = source_path::with_module(path, bounded(function));
        let named = self.named(&function, path.is_some());
        work::looks_at(named.finished().len());
        named.finished().bytes().any(|byte| byte.is_ascii_graphic()).then_some(named)
    }

    fn named(&mut self, function: &str, is_rust: bool) -> &Slot {
        let slot = self.memo.slot(function).unwrap_or(&mut self.long);
        if !slot.holds(function, is_rust) {
            let bare = if is_rust {
                rust::normalise(function, &mut self.scratch)
            } else {
                cpp::normalise(function, &mut self.scratch)
            };
            slot.fill(function, is_rust, bare, |bare, out| finish(bare, is_rust, out));
        }
        slot
    }
}

fn write_without_function(parts: &NamedParts<'_>, lower_case: bool, out: &mut String) {
    if let (Some(file), Some(line @ (i64::MIN..=-1 | 1..))) = (parts.file, parts.line) {
        out.push_str(source_path::base_name(bounded(file)));
        // Writing to a text can't fail.
        let _written = write!(out, "#{line}");
    } else if let Some(module) = parts.module {
        write_module(bounded(module), lower_case, out);
    } else if let Some(unloaded) = parts.unloaded {
        out.push_str("(unloaded ");
        out.push_str(bounded(unloaded.module.as_deref().unwrap_or("None")));
        out.push(')');
    } else if let Some(offset) = parts.offset {
        out.push('@');
        out.push_str(&without_leading_zeros(offset));
    }
}

fn write_module(module: &str, lower_case: bool, out: &mut String) {
    let is_bracket = |byte: Option<&u8>| matches!(byte, Some(b'[' | b']'));
    let module = if is_bracket(module.as_bytes().first()) || is_bracket(module.as_bytes().last()) {
        module.trim_matches(['[', ']'])
    } else {
        module
    };
    work::looks_at(module.len());
    let start = out.len();
    if !lower_case {
        out.push_str(module);
    } else if module.is_ascii() {
        out.push_str(module);
        out[start..].make_ascii_lowercase();
    } else {
        out.push_str(&module.to_lowercase());
    }
}

/// Names longer than any compiler writes are cut.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(limits::FRAME_NAME_BYTES_MAX)]
}

/// `0x000a` as `0xa`; a text that is no hexadecimal number stays as it is.
pub(crate) fn without_leading_zeros(offset: &str) -> Cow<'_, str> {
    let digits = offset.trim();
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Cow::Borrowed(bounded(offset));
    }
    let kept = digits.trim_start_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    Cow::Owned(format!("0x{}", bounded(kept).to_ascii_lowercase()))
}

/// The end of both ways: spaces come in one way, and the compiler's hash goes.
fn finish(bare: &str, is_rust: bool, out: &mut String) {
    let start = out.len();
    spacing::write(bare, out);
    if is_rust {
        out.truncate(start + rust::without_hash(&out[start..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(parts: &NamedParts<'_>, lower_case: bool) -> String {
        let mut name = String::new();
        Namer::new().write(parts, lower_case, Lists::built_in(), &mut name);
        name
    }

    #[test]
    fn the_most_telling_part_of_a_frame_names_it() {
        let all = NamedParts {
            module: Some("[Foo.dll]"),
            function: Some("f(int)"),
            file: Some("a/b.c"),
            line: Some(3),
            offset: Some("0x000A"),
            unloaded: None,
        };
        assert_eq!(named(&all, true), "f");
        let no_function = NamedParts { function: None, ..all };
        assert_eq!(named(&no_function, true), "b.c#3");
        let no_line = NamedParts { line: Some(0), ..no_function };
        assert_eq!(named(&no_line, true), "foo.dll");
        assert_eq!(named(&no_line, false), "Foo.dll");
        let unloaded = UnloadedModule { module: Some("X.dll".into()) };
        let gone = NamedParts { module: None, unloaded: Some(&unloaded), ..no_line };
        assert_eq!(named(&gone, true), "(unloaded X.dll)");
        let address = NamedParts { unloaded: None, ..gone };
        assert_eq!(named(&address, true), "@0xa");
        assert_eq!(named(&NamedParts { offset: Some("0x0000"), ..address }, true), "@0x0");
        assert_eq!(named(&NamedParts { offset: Some("here"), ..address }, true), "@here");
        assert_eq!(named(&NamedParts { offset: None, ..address }, true), "");
    }
}
