//! The text of a site's rules. Its form is described in docs/rules.md.
//!
//! A rule that could do harm unnoticed is refused: one that shows a protected value to everybody
//! without saying so, and one that takes away what a crash is found by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use auxilio_common::fields::{self, Field, Kind, annotations};
use auxilio_common::{Timestamp, limits};
use regex::RegexBuilder;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::rule_set::{Base, RuleSets};
use crate::site_rule::{Action, Condition, Given, SiteRule, Source, Test};

/// Bytes of a compiled regular expression: far more than one about crashes takes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Fields that a crash is found by: no rule changes them.
const IDENTITY: [&str; 3] = ["uuid", "crash_id", "date_processed"];

/// Fields by which people ask for crashes: a rule may change them, but every crash has them.
const KEPT: [&str; 2] = ["product", "version"];

/// Fields that are made after a site's rules: what those would write is lost.
const MADE_LATER: [&str; 4] = ["signature", "proto_signature", "success", "json_dump"];

/// A fault in the text of a rule file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Rules that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Neither a list that comes with the program nor the path of a file.
    #[error(
        "\"{name}\" is no list of rules: name one of {shipped}, or a file by a path with a / or ending in .toml"
    )]
    Unknown {
        /// What was named.
        name: String,
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
        /// The file.
        path: String,
        /// Where and why.
        source: RuleFileError,
    },
}

/// The rules that a configuration names: a list that comes with the program, or a file.
pub fn load(name: &str) -> Result<RuleSets, RulesError> {
    let path = Path::new(name);
    let is_file = name.contains('/') || path.extension().is_some_and(|ending| ending == "toml");
    if !is_file {
        let base = base(name)
            .ok_or_else(|| RulesError::Unknown { name: name.to_owned(), shipped: bases() })?;
        return Ok(RuleSets { base, ..RuleSets::default() });
    }
    let failed = |source| RulesError::Read { path: name.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > limits::RULE_FILE_BYTES_MAX {
        let max = limits::RULE_FILE_BYTES_MAX;
        return Err(RulesError::TooLong { path: name.to_owned(), max });
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    read(&text).map_err(|source| RulesError::Refused { path: name.to_owned(), source })
}

fn base(name: &str) -> Option<Base> {
    Base::ALL.into_iter().find(|base| base.as_str() == name)
}

fn bases() -> String {
    Base::ALL.map(Base::as_str).join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: Option<Spanned<String>>,
    #[serde(default)]
    products: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    rule: Vec<FileRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    name: Spanned<String>,
    #[serde(default)]
    when: Vec<Spanned<FileCondition>>,
    set: Option<Spanned<FileChange>>,
    append: Option<Spanned<FileChange>>,
    drop: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCondition {
    field: Option<String>,
    annotation: Option<String>,
    #[serde(default)]
    not: bool,
    equals: Option<String>,
    one_of: Option<Vec<String>>,
    prefix: Option<OneOrMore>,
    regex: Option<String>,
    present: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileChange {
    field: String,
    value: Option<toml::Value>,
    from: Option<String>,
    from_annotation: Option<String>,
    #[serde(default)]
    show_protected: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads a set of rules.
pub fn read(text: &str) -> Result<RuleSets, RuleFileError> {
    let file: File = toml::from_str(text).map_err(|error| RuleFileError {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        what: error.message().to_owned(),
    })?;
    let reader = Reader { text };
    if file.rule.len() > limits::RULES_COUNT_MAX {
        let what = format!("a file has at most {} rules [[rule]]", limits::RULES_COUNT_MAX);
        return reader.wrong(0, what);
    }
    let base = file.base.as_ref().map_or(Ok(Base::default()), |name| reader.base(name))?;
    let products = file.products.into_iter();
    let products = products.map(|(product, name)| Ok((product, reader.base(&name)?)));
    let products = products.collect::<Result<_, _>>()?;
    let (mut site, mut names) = (Vec::new(), BTreeSet::new());
    for rule in file.rule {
        let at = rule.name.span().start;
        let rule = reader.rule(rule)?;
        if !names.insert(rule.name.clone()) {
            return reader.wrong(at, format!("a second rule named {}", rule.name));
        }
        site.push(rule);
    }
    Ok(RuleSets { base, products, site })
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: usize, what: impl Into<String>) -> Result<T, RuleFileError> {
        Err(RuleFileError { line: line_of(self.text, at), what: what.into() })
    }

    /// Names the place where something is wrong.
    fn at<T>(&self, at: usize, read: Result<T, String>) -> Result<T, RuleFileError> {
        read.or_else(|what| self.wrong(at, what))
    }

    fn base(&self, name: &Spanned<String>) -> Result<Base, RuleFileError> {
        let what = || format!("{:?} is none of {}", name.get_ref(), bases());
        self.at(name.span().start, base(name.get_ref()).ok_or_else(what))
    }

    fn rule(&self, rule: FileRule) -> Result<SiteRule, RuleFileError> {
        let (name, at) = (rule.name.get_ref().clone(), rule.name.span().start);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.len() > limits::RULE_NAME_BYTES_MAX || !name.bytes().all(fits) {
            return self.wrong(at, format!("{name:?} is no name of a rule: letters, digits and _"));
        }
        let conditions = rule.when.into_iter();
        let when = conditions
            .map(|given| self.at(given.span().start, condition(given.into_inner())))
            .collect::<Result<_, _>>()?;
        let action = match (rule.set, rule.append, rule.drop) {
            (Some(set), None, None) => {
                let (field, value) = self.at(set.span().start, change(set.into_inner(), false))?;
                Action::Set { field, value }
            }
            (None, Some(append), None) => {
                let at = append.span().start;
                let (field, value) = self.at(at, change(append.into_inner(), true))?;
                Action::Append { field, value }
            }
            (None, None, Some(field)) => {
                let at = field.span().start;
                Action::Drop { field: self.at(at, dropped(field.into_inner()))? }
            }
            _ => return self.wrong(at, format!("{name} has not exactly one of set, append, drop")),
        };
        Ok(SiteRule { name, when, action })
    }
}

fn condition(given: FileCondition) -> Result<Condition, String> {
    let of = match (given.field, given.annotation) {
        (Some(field), None) => Source::Field(known(&field)?.0),
        (None, Some(annotation)) => Source::Annotation(annotation),
        _ => return Err("a condition names one field or one annotation".to_owned()),
    };
    let prefixes = given.prefix.map(|prefix| match prefix {
        OneOrMore::One(text) => vec![text],
        OneOrMore::More(texts) => texts,
    });
    let tests = [
        given.equals.map(|text| Test::OneOf(vec![text])),
        given.one_of.map(Test::OneOf),
        prefixes.map(Test::Prefix),
        given.regex.map(|text| regex(&text)).transpose()?,
        given.present.map(Test::Present),
    ];
    let mut tests = tests.into_iter().flatten();
    let (Some(test), None) = (tests.next(), tests.next()) else {
        let what = "a condition has exactly one of equals, one_of, prefix, regex and present";
        return Err(what.to_owned());
    };
    Ok(Condition { of, not: given.not, test })
}

fn regex(text: &str) -> Result<Test, String> {
    RegexBuilder::new(text).size_limit(REGEX_BYTES_MAX).build().map(Test::Regex).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("the regular expression can't be used: {last}")
    })
}

/// A field of the table: what it does not list, nobody would see.
fn known(name: &str) -> Result<(String, &'static Field), String> {
    let field = fields::find(name);
    field.map(|field| (name.to_owned(), field)).ok_or_else(|| format!("there is no field {name:?}"))
}

/// A field that a rule may write to.
fn changeable(name: &str) -> Result<(String, &'static Field), String> {
    if IDENTITY.contains(&name) {
        return Err(format!("{name} is what a crash is found by, and no rule changes it"));
    }
    if MADE_LATER.contains(&name) {
        return Err(format!("{name} is made after these rules"));
    }
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.len() > limits::RULE_NAME_BYTES_MAX || !name.bytes().all(fits) {
        return Err(format!("{name:?} is no name of a field: small letters, digits and _"));
    }
    known(name)
}

fn dropped(name: String) -> Result<String, String> {
    if KEPT.contains(&name.as_str()) {
        return Err(format!("{name} is what crashes are asked for by, and no rule drops it"));
    }
    changeable(&name)?;
    Ok(name)
}

fn change(given: FileChange, append: bool) -> Result<(String, Given), String> {
    let (name, field) = changeable(&given.field)?;
    if field.kind.is_structure() {
        return Err(format!("{name} is a structure, which no rule writes"));
    }
    if append && !matches!(field.kind, Kind::Text | Kind::Texts) {
        return Err(format!("nothing can be appended to {name}: it is no text and no list"));
    }
    let source = match (given.from, given.from_annotation) {
        (None, None) => None,
        (Some(from), None) => Some(Source::Field(known(&from)?.0)),
        (None, Some(annotation)) => Some(Source::Annotation(annotation)),
        (Some(_), Some(_)) => return Err("from and from_annotation exclude each other".to_owned()),
    };
    let value = match (given.value, source) {
        (Some(value), None) => Given::Value(value_of(field, value, append)?),
        (None, Some(source)) => {
            copied(field, &source, given.show_protected, append)?;
            Given::From(source)
        }
        _ => return Err("what is written is either a value or from somewhere".to_owned()),
    };
    Ok((name, value))
}

/// A written value, if it is of its field's kind.
fn value_of(field: &Field, value: toml::Value, append: bool) -> Result<Value, String> {
    let value = serde_json::to_value(value).map_err(|error| error.to_string())?;
    let fits = match field.kind {
        Kind::Text => value.is_string(),
        Kind::Texts if append => value.is_string(),
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        Kind::Time => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        Kind::Integer => value.is_i64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("the value is not of the kind of {}", field.name)) }
}

/// Whether a value may be copied: of the right kind, and to no more readers than it has now.
fn copied(field: &Field, from: &Source, shown: bool, append: bool) -> Result<(), String> {
    let (name, kind, permission) = match from {
        Source::Field(name) => {
            let (name, from) = known(name)?;
            (name, from.kind, from.permission)
        }
        Source::Annotation(name) => (name.clone(), Kind::Text, annotations::permission(name)),
    };
    if kind != field.kind && !(append && kind == Kind::Text) {
        return Err(format!("{name} is not of the kind of {}", field.name));
    }
    if permission > field.permission && !shown {
        return Err(format!(
            "{name} is protected and {} is public: say show_protected = true if that is meant",
            field.name
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "rule_file_tests.rs"]
mod tests;
