//! Dropping what stands before a function's name: linkage, return type, attributes.

/// The last word of a function's text, where spaces inside brackets don't part words.
///
/// Arguments and clone marks that stand apart from the name belong to it.
pub(super) fn drop_prefix(function: &str) -> &str {
    let mut starts = word_starts(function);
    let mut end = function.len();
    // A space at the very end opens no word.
    if end > 0 && starts.last() == Some(&end) {
        starts.pop();
        end -= 1;
    }
    let stands_apart = |start: usize| {
        let word = &function[start..end];
        word.starts_with('(') || word.starts_with("[clone")
    };
    let mut start = starts.pop().unwrap_or(0);
    while stands_apart(start) {
        let Some(before) = starts.pop() else { break };
        start = before;
    }
    &function[start..end]
}

/// Where the words begin: at the start, and after each space outside all brackets.
fn word_starts(function: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut closers = Vec::new();
    for (place, byte) in function.bytes().enumerate() {
        match byte {
            b'(' => closers.push(b')'),
            b'{' => closers.push(b'}'),
            b'[' => closers.push(b']'),
            b'<' => closers.push(b'>'),
            b'`' => closers.push(b'\''),
            // A closing one that closes nothing is an ordinary character.
            b')' | b'}' | b']' | b'>' | b'\'' if closers.last() == Some(&byte) => {
                closers.pop();
            }
            b' ' if closers.is_empty() => starts.push(place + 1),
            _ => {}
        }
    }
    starts
}

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
            (" ", ""),
            ("f > g", "g"),
            ("(a b", "(a b"),
            ("(a ", "(a "),
            ("f  (a)", " (a)"),
        ] {
            assert_eq!(drop_prefix(function), expected, "{function}");
        }
    }
}
