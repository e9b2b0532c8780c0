//! The lines of a list, and which of them are plain text.

/// What an entry matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// This name alone.
    Whole(String),
    /// Every name that begins so.
    Start(String),
    /// What a regular expression says.
    Pattern,
}

/// Entries with their line numbers, from 1; without comments and empty lines.
pub(super) fn of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Most entries are plain text, perhaps with a `$` at the end: these need no regular expression.
pub(super) fn shape(entry: &str) -> Shape {
    let mut plain = String::with_capacity(entry.len());
    let mut characters = entry.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => plain.push(escaped),
                // A class or an assertion.
                _ => return Shape::Pattern,
            },
            '$' if characters.peek().is_none() => return Shape::Whole(plain),
            '.' | '^' | '$' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => {
                return Shape::Pattern;
            }
            other => plain.push(other),
        }
    }
    Shape::Start(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_entries_are_known() {
        for (entry, expected) in [
            ("free$", Shape::Whole("free".to_owned())),
            ("a::b", Shape::Start("a::b".to_owned())),
            (r"\[vdso\]$", Shape::Whole("[vdso]".to_owned())),
            (r"\$$", Shape::Whole("$".to_owned())),
            (r"-\[NSObject ", Shape::Start("-[NSObject ".to_owned())),
            (r"libc\.so", Shape::Start("libc.so".to_owned())),
            ("libc.so", Shape::Pattern),
            ("a|b", Shape::Pattern),
            (r"\w", Shape::Pattern),
            (r"a\", Shape::Pattern),
            ("a$b", Shape::Pattern),
            ("^a", Shape::Pattern),
        ] {
            assert_eq!(shape(entry), expected, "{entry}");
        }
    }

    #[test]
    fn comments_and_empty_lines_are_no_entries() {
        let entries: Vec<_> = of("# a\n\n  b  \r\nc # d\n").collect();
        assert_eq!(entries, [(3, "b"), (4, "c # d")]);
    }
}
