//! The text of rules that people write in TOML, for throttling and for processing: where it is read
//! from, and what is wrong with it, with its line.

use std::path::Path;

use auxilio_common::limits;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

/// Bytes of a compiled regular expression: far more than one about crashes takes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// A fault in the text of a rule file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Rules that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Neither rules that come with the program nor the path of a file.
    #[error(
        "\"{name}\" is no {wanted}: name one of {shipped}, or a file by a path with a / or ending in .toml"
    )]
    Unknown {
        /// What was named.
        name: String,
        /// What it should have been.
        wanted: &'static str,
        /// Those that come with the program.
        shipped: String,
    },
    /// The file can't be read.
    #[error("can't read the rules in \"{path}\"")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is longer than any rule file has to be.
    #[error("\"{path}\" is longer than {max} bytes and no rule file")]
    TooLong {
        /// The file.
        path: String,
        /// The limit.
        max: u64,
    },
    /// The text is no set of rules.
    #[error("the rules in \"{path}\" are refused")]
    Refused {
        /// The file, or the name of what comes with the program.
        path: String,
        /// Where and why.
        source: RuleFault,
    },
}

/// Reads a file of rules; `wanted` and `shipped` say what a name that is no path should have been.
pub fn read_file(
    name: &str,
    wanted: &'static str,
    shipped: impl FnOnce() -> String,
) -> Result<String, RulesError> {
    if !is_path(name) {
        return Err(RulesError::Unknown { name: name.to_owned(), wanted, shipped: shipped() });
    }
    let failed = |source| RulesError::Read { path: name.to_owned(), source };
    if std::fs::metadata(name).map_err(failed)?.len() > limits::RULE_FILE_BYTES_MAX {
        let max = limits::RULE_FILE_BYTES_MAX;
        return Err(RulesError::TooLong { path: name.to_owned(), max });
    }
    std::fs::read_to_string(name).map_err(failed)
}

/// Whether what a configuration names is a file.
pub fn is_path(name: &str) -> bool {
    name.contains('/')
        || Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// The whole text, which knows its lines.
#[derive(Clone, Copy, Debug)]
pub struct RuleText<'a>(pub &'a str);

impl RuleText<'_> {
    /// The text as values.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, RuleFault> {
        toml::from_str(self.0)
            .map_err(|error| self.fault(error.span().map_or(0, |span| span.start), error.message()))
    }

    /// A fault at a byte of the text.
    pub fn fault(self, at: usize, what: impl Into<String>) -> RuleFault {
        let line = self.0.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        RuleFault { line, what: what.into() }
    }

    /// The same as a result.
    pub fn wrong<T>(self, at: usize, what: impl Into<String>) -> Result<T, RuleFault> {
        Err(self.fault(at, what))
    }

    /// Refuses what can't be the name of a rule.
    pub fn check_name(self, name: &Spanned<String>) -> Result<(), RuleFault> {
        let text = name.get_ref();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || text.len() > limits::RULE_NAME_BYTES_MAX || !text.bytes().all(fits) {
            let what = format!("{text:?} is no name of a rule: letters, digits and _");
            return self.wrong(name.span().start, what);
        }
        Ok(())
    }
}

/// One text, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// A list.
    More(Vec<String>),
}

impl From<OneOrMore> for Vec<String> {
    fn from(given: OneOrMore) -> Self {
        match given {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

/// A regular expression in linear time, or in a line why it can't be used.
pub fn regex(text: &str, ignore_case: bool) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(text);
    let built = builder.case_insensitive(ignore_case).size_limit(REGEX_BYTES_MAX).build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("the regular expression can't be used: {last}")
    })
}
