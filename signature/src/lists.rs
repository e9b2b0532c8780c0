//! The lists that choose frames: which are passed over, which need a neighbour, where to begin.

use std::sync::LazyLock;

use auxilio_common::limits;
use regex::Regex;

/// The texts of the four lists: one entry a line; `#` begins a comment line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListTexts<'a> {
    /// Patterns of frames that are passed over.
    pub irrelevant: &'a str,
    /// Patterns of frames that say too little alone: the next one is added.
    pub prefix: &'a str,
    /// Whole names of frames at which the walk begins.
    pub sentinels: &'a str,
    /// Patterns of functions that keep their line.
    pub line_numbers: &'a str,
}

/// Why a list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A line is no regular expression.
    #[error("line {line} of the {list} list is no pattern")]
    Pattern {
        /// Which list.
        list: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// All patterns together are too much.
    #[error("the {list} list is too large once compiled")]
    Compiled {
        /// Which list.
        list: &'static str,
        /// What the regex crate says.
        #[source]
        source: Box<regex::Error>,
    },
    /// The text is too long.
    #[error("the {list} list has {bytes} bytes, more than {}", limits::SIGNATURE_LIST_BYTES_MAX)]
    TooLong {
        /// Which list.
        list: &'static str,
        /// How long it is.
        bytes: usize,
    },
}

/// The four lists, compiled. An empty list matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    irrelevant: Patterns,
    prefix: Patterns,
    sentinels: Vec<String>,
    line_numbers: Patterns,
}

static BUILT_IN: LazyLock<Lists> = LazyLock::new(|| {
    Lists::compile(&ListTexts {
        irrelevant: include_str!("../lists/irrelevant.txt"),
        prefix: include_str!("../lists/prefix.txt"),
        sentinels: include_str!("../lists/sentinels.txt"),
        line_numbers: include_str!("../lists/line_numbers.txt"),
    })
    // A test compiles the same texts, so this can't be.
    .unwrap_or_else(|error| unreachable!("the built-in lists compile: {error}"))
});

impl Lists {
    /// The lists that come with the program, compiled once.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Compiles lists of one's own.
    pub fn compile(texts: &ListTexts<'_>) -> Result<Self, ListError> {
        check_length("sentinels", texts.sentinels)?;
        Ok(Self {
            irrelevant: Patterns::compile("irrelevant", texts.irrelevant)?,
            prefix: Patterns::compile("prefix", texts.prefix)?,
            sentinels: entries(texts.sentinels).map(|(_, entry)| entry.to_owned()).collect(),
            line_numbers: Patterns::compile("line_numbers", texts.line_numbers)?,
        })
    }

    pub(crate) fn is_irrelevant(&self, name: &str) -> bool {
        self.irrelevant.match_start(name)
    }

    pub(crate) fn is_prefix(&self, name: &str) -> bool {
        self.prefix.match_start(name)
    }

    pub(crate) fn is_sentinel(&self, name: &str) -> bool {
        self.sentinels.iter().any(|sentinel| sentinel == name)
    }

    pub(crate) fn keeps_line(&self, name: &str) -> bool {
        self.line_numbers.match_start(name)
    }
}

/// Patterns that are matched together, at the start of a name; `$` in them says where one ends.
#[derive(Clone, Debug, Default)]
struct Patterns(Option<Regex>);

impl Patterns {
    fn compile(list: &'static str, text: &str) -> Result<Self, ListError> {
        check_length(list, text)?;
        let mut parts = Vec::new();
        for (line, entry) in entries(text) {
            // Alone first, so that the error can name its line.
            if let Err(source) = Regex::new(entry) {
                return Err(ListError::Pattern { list, line, source: Box::new(source) });
            }
            parts.push(format!("(?:{entry})"));
        }
        if parts.is_empty() {
            return Ok(Self(None));
        }
        Regex::new(&format!(r"\A(?:{})", parts.join("|")))
            .map(|regex| Self(Some(regex)))
            .map_err(|source| ListError::Compiled { list, source: Box::new(source) })
    }

    fn match_start(&self, name: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(name))
    }
}

fn check_length(list: &'static str, text: &str) -> Result<(), ListError> {
    if text.len() > limits::SIGNATURE_LIST_BYTES_MAX {
        return Err(ListError::TooLong { list, bytes: text.len() });
    }
    Ok(())
}

/// Entries with their line numbers, from 1; without comments and empty lines.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_lists_compile_and_match() {
        let lists = Lists::built_in();
        assert!(lists.is_irrelevant("core::panicking::panic_fmt"));
        assert!(lists.is_irrelevant("NtWaitForAlertByThreadId"));
        assert!(lists.is_prefix("objc_msgSend"));
        assert!(lists.keeps_line("js_Interpret"));
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let lists =
            Lists::compile(&ListTexts { irrelevant: "# nothing\n\n", ..ListTexts::default() });
        let lists = lists.unwrap();
        assert!(!lists.is_irrelevant("") && !lists.is_irrelevant("a") && !lists.is_prefix("a"));
    }

    #[test]
    fn patterns_are_anchored_at_the_start_each_by_itself() {
        let lists =
            Lists::compile(&ListTexts { prefix: "free|dalloc\nmalloc$", ..ListTexts::default() })
                .unwrap();
        assert!(lists.is_prefix("freedom") && lists.is_prefix("dallocate"));
        assert!(lists.is_prefix("malloc") && !lists.is_prefix("mallocate"));
        assert!(!lists.is_prefix("a free") && !lists.is_prefix("xmalloc"));
    }

    #[test]
    fn a_bad_pattern_is_named_by_its_line() {
        let error = Lists::compile(&ListTexts { prefix: "a\n(\n", ..ListTexts::default() })
            .unwrap_err()
            .to_string();
        assert_eq!(error, "line 2 of the prefix list is no pattern");
        // Each entry must be whole in itself: these two would join into something else.
        assert!(Lists::compile(&ListTexts { prefix: "(a\nb)", ..ListTexts::default() }).is_err());
    }
}
