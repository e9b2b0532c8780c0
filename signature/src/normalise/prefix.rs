//! Dropping what stands before a function's name: linkage, return type, attributes.

use crate::work;

/// The last word of a function's text, where spaces inside brackets don't part words.
///
/// Arguments and clone marks that stand apart from the name belong to it.
pub(super) fn drop_prefix<'a>(function: &'a str, closers: &mut Vec<u8>) -> &'a str {
    work::looks_at(function.len());
    closers.clear();
    let bytes = function.as_bytes();
    // Where the last word begins that does not belong to the one before.
    let mut start = 0;
    for (place, byte) in bytes.iter().enumerate() {
        if !PARTS[usize::from(*byte)] {
            continue;
        }
        match byte {
            b'(' => closers.push(b')'),
            b'{' => closers.push(b'}'),
            b'[' => closers.push(b']'),
            b'<' => closers.push(b'>'),
            b'`' => closers.push(b'\''),
            // A closing one that closes nothing is an ordinary character.
            b')' | b'}' | b']' | b'>' | b'\'' if closers.last() == Some(byte) => {
                closers.pop();
            }
            b' ' if closers.is_empty() => {
                let word = &bytes[place + 1..];
                if word.is_empty() {
                    // A space at the very end opens no word.
                    return &function[start..place];
                }
                if !(word.starts_with(b"(") || word.starts_with(b"[clone")) {
                    start = place + 1;
                }
            }
            _ => {}
        }
    }
    &function[start..]
}

/// Spaces and brackets; all other bytes mean nothing here.
const PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let bytes = b" (){}[]<>`'";
    let mut place = 0;
    while place < bytes.len() {
        parts[bytes[place] as usize] = true;
        place += 1;
    }
    parts
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_return_types_are_dropped() {
        for (function, expected) in [
            ("", ""),
            ("f", "f"),
            ("static void * A<B, C>::f(unsigned int)", "A<B, C>::f(unsigned int)"),
            ("void f (int a, int b)", "f (int a, int b)"),
            (
                "int f(int) [clone .cold.1] [clone .cold.2]",
                "f(int) [clone .cold.1] [clone .cold.2]",
            ),
            ("<A as B>::f", "<A as B>::f"),
            ("void `anonymous namespace'::f(int)", "`anonymous namespace'::f(int)"),
            ("a b ", "b"),
            ("a  ", ""),
            (" ", ""),
            ("f > g", "g"),
            ("(a b", "(a b"),
            ("(a ", "(a "),
            ("f  (a)", " (a)"),
            (" (a) ", " (a)"),
            ("a (b) [clone", "a (b) [clone"),
            ("a [b] (c)", "[b] (c)"),
        ] {
            assert_eq!(drop_prefix(function, &mut Vec::new()), expected, "{function}");
        }
    }
}
