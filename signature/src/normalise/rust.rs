//! Names of Rust functions: types, arguments and the compiler's hash go.

use super::brackets::{self, Bracketed};
use super::holds::{ANGLE, Holds, ROUND, SPACE};
use super::{Scratch, prefix, template};
use crate::work;

/// The function's name without what differs between builds and instances.
pub(super) fn normalise<'a>(function: &'a str, scratch: &'a mut Scratch) -> &'a str {
    let holds = Holds::of(function);
    let mut function = function;
    if holds.has(SPACE) {
        function = prefix::drop_prefix(function, &mut scratch.closers);
    }
    if holds.has(ANGLE) {
        replace_types(function, &mut scratch.types);
        function = &scratch.types;
    }
    if holds.has(ROUND) {
        brackets::remove(function, (b'(', b')'), &mut scratch.arguments, |_, _| false);
        function = &scratch.arguments;
    }
    function
}

/// Type parameters, but not the `<X as Trait>` that says whose method it is.
fn replace_types(text: &str, out: &mut String) {
    work::looks_at(text.len());
    out.clear();
    let mut from = 0;
    for (start, end) in Bracketed::new(text, b'<', b'>') {
        let inside = &text[start..end];
        out.push_str(&text[from..start]);
        out.push_str(if template::holds_word(inside, &[" as "]) { inside } else { "<T>" });
        from = end;
    }
    out.push_str(&text[from..]);
}

/// How long the name is without the `::h` and hexadecimal digits at the end, by which rustc keeps
/// names unique.
pub(super) fn without_hash(name: &str) -> usize {
    work::looks_at(name.len());
    match name.rfind("::h") {
        Some(place)
            if name.len() > place + 3
                && name.as_bytes()[place + 3..].iter().all(u8::is_ascii_hexdigit) =>
        {
            place
        }
        _ => name.len(),
    }
}
