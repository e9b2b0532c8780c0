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

use auxilio_common::limits;

use crate::crash_data::{Frame, UnloadedModule};
use crate::lists::Lists;
use crate::source_path;
use memo::Named;

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

/// A function's text that is nothing but a qualifier, on which Mozilla's generator breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NothingButQualifiers;

/// Text on its way from one step to the next; kept from frame to frame, for its memory.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    types: String,
    arguments: String,
    closers: Vec<u8>,
}

/// The first of these that a frame has: function, file and line, module, unloaded module, address.
/// Empty where it has none.
pub(crate) fn normalise(
    parts: &NamedParts<'_>,
    lower_case: bool,
    lists: &Lists,
    scratch: &mut Scratch,
) -> Result<String, NothingButQualifiers> {
    if let Some(function) = parts.function {
        let path = parts.file.and_then(source_path::path_of);
        let function = source_path::with_module(path, bounded(function));
        let is_rust = path.is_some_and(source_path::is_rust);
        return memo::with(
            &function,
            is_rust,
            || named(&function, is_rust, scratch),
            |named| with_line(named, parts.line, is_rust, lists),
        );
    }
    Ok(without_function(parts, lower_case))
}

/// What of a function's name every list sees: before its line is added and its spaces are looked at.
pub(crate) fn bare(
    function: &str,
    file: Option<&str>,
    scratch: &mut Scratch,
) -> Result<Box<str>, NothingButQualifiers> {
    let path = file.and_then(source_path::path_of);
    let function = source_path::with_module(path, bounded(function));
    let is_rust = path.is_some_and(source_path::is_rust);
    memo::with(
        &function,
        is_rust,
        || named(&function, is_rust, scratch),
        |named| named.bare.clone(),
    )
}

fn without_function(parts: &NamedParts<'_>, lower_case: bool) -> String {
    if let (Some(file), Some(line @ (i64::MIN..=-1 | 1..))) = (parts.file, parts.line) {
        return format!("{}#{line}", source_path::base_name(bounded(file)));
    }
    if let Some(module) = parts.module {
        let module = bounded(module).trim_matches(['[', ']']);
        return if lower_case { module.to_lowercase() } else { module.to_owned() };
    }
    if let Some(unloaded) = parts.unloaded {
        return format!("(unloaded {})", bounded(unloaded.module.as_deref().unwrap_or("None")));
    }
    parts.offset.map(|offset| format!("@{}", without_leading_zeros(offset))).unwrap_or_default()
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

fn named(
    function: &str,
    is_rust: bool,
    scratch: &mut Scratch,
) -> Result<Named, NothingButQualifiers> {
    let bare = if is_rust {
        rust::normalise(function, scratch)
    } else {
        cpp::normalise(function, scratch)?
    };
    let finished = finished(&bare, is_rust);
    let finished = (finished != bare).then(|| finished.into());
    Ok(Named { bare: bare.into(), finished })
}

/// The name at last: a function whose line tells states of an interpreter apart keeps it.
fn with_line(named: &Named, line: Option<i64>, is_rust: bool, lists: &Lists) -> String {
    if lists.keeps_line(&named.bare) {
        // Without a line the text is Python's for nothing: compatibility.
        let line = line.map_or_else(|| "None".to_owned(), |line| line.to_string());
        return finished(&format!("{}:{line}", named.bare), is_rust).into_owned();
    }
    named.finished.as_deref().unwrap_or(&named.bare).to_owned()
}

/// The end of both ways: spaces come in one way, and the compiler's hash goes.
fn finished(bare: &str, is_rust: bool) -> Cow<'_, str> {
    let fixed = spacing::fix(Cow::Borrowed(bare));
    match fixed {
        Cow::Borrowed(text) if is_rust => Cow::Borrowed(&text[..rust::without_hash(text)]),
        Cow::Owned(mut text) if is_rust => {
            text.truncate(rust::without_hash(&text));
            Cow::Owned(text)
        }
        fixed => fixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(parts: &NamedParts<'_>, lower_case: bool) -> String {
        normalise(parts, lower_case, Lists::built_in(), &mut Scratch::default()).unwrap()
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
        let unloaded = UnloadedModule { module: Some("X.dll".to_owned()) };
        let gone = NamedParts { module: None, unloaded: Some(&unloaded), ..no_line };
        assert_eq!(named(&gone, true), "(unloaded X.dll)");
        let address = NamedParts { unloaded: None, ..gone };
        assert_eq!(named(&address, true), "@0xa");
        assert_eq!(named(&NamedParts { offset: Some("0x0000"), ..address }, true), "@0x0");
        assert_eq!(named(&NamedParts { offset: Some("here"), ..address }, true), "@here");
        assert_eq!(named(&NamedParts { offset: None, ..address }, true), "");
    }
}
