//! One list, compiled: plain names by a look-up, the rest as one regular expression.

use auxilio_common::limits;
use regex::Regex;

use super::entries::{self, Shape};
use super::error::ListError;
use super::sorted::Sorted;

/// Patterns that are matched together, each at the start of a name; `$` in them says where one ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns {
    /// Names that match as a whole.
    whole: Sorted,
    /// Beginnings that match.
    starts: Sorted,
    /// All that is not plain.
    regex: Option<Regex>,
    /// The entries with their lines, to say which one it was.
    entries: Vec<(usize, Box<str>)>,
}

impl Patterns {
    pub(super) fn compile(list: &'static str, text: &str) -> Result<Self, ListError> {
        check_length(list, text)?;
        let mut patterns = Self::default();
        let (mut whole, mut starts, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (line, entry) in entries::of(text) {
            patterns.entries.push((line, entry.into()));
            match entries::shape(entry) {
                Shape::Whole(name) => whole.push(name.into()),
                Shape::Start(start) => starts.push(start.into()),
                Shape::Pattern => {
                    // Alone first, so that the error can name its line.
                    if let Err(source) = Regex::new(entry) {
                        return Err(ListError::Pattern { list, line, source: Box::new(source) });
                    }
                    parts.push(format!("(?:{entry})"));
                }
            }
        }
        patterns.whole = Sorted::new(whole);
        patterns.starts = Sorted::beginnings(starts);
        if !parts.is_empty() {
            let regex = Regex::new(&format!(r"\A(?:{})", parts.join("|")));
            patterns.regex = Some(
                regex.map_err(|source| ListError::Compiled { list, source: Box::new(source) })?,
            );
        }
        Ok(patterns)
    }

    /// A list of names, not of patterns: each matches as a whole, whatever characters it holds.
    pub(super) fn whole_names(list: &'static str, text: &str) -> Result<Self, ListError> {
        check_length(list, text)?;
        let whole = entries::of(text).map(|(_, name)| name.into()).collect();
        Ok(Self { whole: Sorted::new(whole), ..Self::default() })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.whole.has(name)
            || self.starts.has_beginning_of(name)
            || self.regex.as_ref().is_some_and(|regex| regex.is_match(name))
    }

    /// The first entry that matches a name, with its line. Slow: for explanations.
    pub(super) fn first_match(&self, name: &str) -> Option<(usize, &str)> {
        let found = self.entries.iter().find(|(_, entry)| match entries::shape(entry) {
            Shape::Whole(whole) => whole == name,
            Shape::Start(start) => name.starts_with(&start),
            Shape::Pattern => {
                Regex::new(&format!(r"\A(?:{entry})")).is_ok_and(|regex| regex.is_match(name))
            }
        });
        found.map(|(line, entry)| (*line, &**entry))
    }
}

fn check_length(list: &'static str, text: &str) -> Result<(), ListError> {
    if text.len() > limits::SIGNATURE_LIST_BYTES_MAX {
        return Err(ListError::TooLong { list, bytes: text.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(text: &str) -> Patterns {
        Patterns::compile("test", text).unwrap()
    }

    #[test]
    fn patterns_are_anchored_at_the_start_each_by_itself() {
        let list = patterns("free|dalloc\nmalloc$");
        assert!(list.matches("freedom") && list.matches("dallocate"));
        assert!(list.matches("malloc") && !list.matches("mallocate"));
        assert!(!list.matches("a free") && !list.matches("xmalloc"));
    }

    #[test]
    fn beginnings_are_found_among_each_other() {
        let list = patterns("b\nab\nabc\na::b\nabd\nzz");
        for (name, expected) in [
            ("ab", true),
            ("abcd", true),
            ("abe", true),
            ("a", false),
            ("a::bc", true),
            ("a::", false),
            ("b", true),
            ("c", false),
            ("zza", true),
            ("z", false),
            ("", false),
        ] {
            assert_eq!(list.matches(name), expected, "{name}");
            assert_eq!(list.first_match(name).is_some(), expected, "{name}");
        }
    }

    #[test]
    fn names_are_no_patterns() {
        let list = Patterns::whole_names("test", "a.b\n(\n").unwrap();
        assert!(list.matches("a.b") && list.matches("(") && !list.matches("axb"));
    }

    #[test]
    fn a_bad_pattern_is_named_by_its_line() {
        let error = Patterns::compile("prefix", "a\n(\n").unwrap_err().to_string();
        assert_eq!(error, "line 2 of the prefix list is no pattern");
        // Each entry must be whole in itself: these two would join into something else.
        assert!(Patterns::compile("prefix", "(a\nb)").is_err());
        let long = "a".repeat(limits::SIGNATURE_LIST_BYTES_MAX + 1);
        assert!(Patterns::compile("prefix", &long).is_err());
        assert!(Patterns::whole_names("sentinels", &long).is_err());
        assert!(Patterns::compile("prefix", "[ab]{1000}{1000}").is_err());
    }
}
