//! A rule that a site wrote itself: when its conditions hold, one field is set, added to or dropped.
//!
//! This is what it does; [`crate::rule_file`] reads its text and refuses what would do harm.

use std::borrow::Cow;

use auxilio_common::ProcessedCrash;
use auxilio_common::fields::{self, Kind};
use regex::Regex;
use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;

/// A site's own rule.
#[derive(Debug)]
pub struct SiteRule {
    /// Its name, in notes.
    pub(crate) name: String,
    /// All must hold; none at all holds for every crash.
    pub(crate) when: Vec<Condition>,
    /// What is done then.
    pub(crate) action: Action,
}

/// One condition about one value.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) of: Source,
    /// Whether the test must fail.
    pub(crate) not: bool,
    pub(crate) test: Test,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// In a field of the processed crash, as the rules before have made it.
    Field(String),
    /// In an annotation, as the client sent it.
    Annotation(String),
}

/// A test of a value. Of a list, one entry that passes is enough.
#[derive(Debug)]
pub(crate) enum Test {
    OneOf(Vec<String>),
    Prefix(Vec<String>),
    Regex(Regex),
    /// There and not empty, or not.
    Present(bool),
}

/// What is done to one field.
#[derive(Debug)]
pub(crate) enum Action {
    Set {
        field: String,
        value: Given,
    },
    /// A text gets longer, a list gets one more entry.
    Append {
        field: String,
        value: Given,
    },
    Drop {
        field: String,
    },
}

/// What a field gets.
#[derive(Debug)]
pub(crate) enum Given {
    Value(Value),
    From(Source),
}

impl SiteRule {
    /// Whether all conditions hold.
    pub(crate) fn matches(&self, case: &Case<'_>, crash: &ProcessedCrash) -> bool {
        self.when.iter().all(|condition| condition.holds(case, crash))
    }

    /// Does what it is for; false where there was nothing to do it with.
    pub(crate) fn act(&self, case: &Case<'_>, draft: &mut Draft) -> bool {
        match &self.action {
            Action::Drop { field } => draft.crash.remove(field),
            Action::Set { field, value } => {
                let value = value.of(case, &draft.crash);
                value.is_some_and(|value| put(draft, field, value))
            }
            Action::Append { field, value } => {
                let value = value.of(case, &draft.crash);
                let longer = value.and_then(|value| appended(draft.crash.get(field), field, value));
                longer.is_some_and(|value| put(draft, field, value))
            }
        }
    }
}

/// Sets a field, texts within their lengths.
fn put(draft: &mut Draft, field: &str, value: Value) -> bool {
    match value {
        Value::String(text) => draft.set_text(field, Some(&text)),
        value => draft.set(field, Some(value)),
    }
    true
}

/// What a field holds, and more; nothing where that makes no value of its kind.
fn appended(now: Option<&Value>, field: &str, more: Value) -> Option<Value> {
    let list = fields::find(field).is_some_and(|field| field.kind == Kind::Texts);
    match (now, more) {
        (Some(Value::Array(now)), more) => {
            Some(Value::Array(now.iter().cloned().chain([more]).collect()))
        }
        (Some(Value::String(now)), Value::String(more)) => Some(Value::String(now.clone() + &more)),
        (None, more) if list => Some(Value::Array(vec![more])),
        (None, more) => Some(more),
        (Some(_), _) => None,
    }
}

impl Given {
    fn of(&self, case: &Case<'_>, crash: &ProcessedCrash) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::From(Source::Field(name)) => crash.get(name).cloned(),
            Self::From(Source::Annotation(name)) => case.annotation(name).map(Value::from),
        }
    }
}

impl Condition {
    fn holds(&self, case: &Case<'_>, crash: &ProcessedCrash) -> bool {
        let holds = match &self.of {
            Source::Annotation(name) => {
                self.test.holds(case.annotation(name).into_iter().map(Cow::Borrowed))
            }
            Source::Field(name) if crash.structure(name).is_some() => {
                // Nobody looks into structures: they are there, and that is all.
                matches!(self.test, Test::Present(true))
            }
            Source::Field(name) => self.test.holds(crash.get(name).into_iter().flat_map(texts)),
        };
        holds != self.not
    }
}

/// The texts of a plain value: of a list, each of its entries.
fn texts(value: &Value) -> Vec<Cow<'_, str>> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![Cow::Borrowed(text)],
        other => vec![Cow::Owned(other.to_string())],
    }
}

impl Test {
    fn holds<'a>(&self, mut values: impl Iterator<Item = Cow<'a, str>>) -> bool {
        match self {
            Self::Present(wanted) => values.next().is_some() == *wanted,
            Self::OneOf(texts) => values.any(|value| texts.iter().any(|text| *text == *value)),
            Self::Prefix(texts) => {
                values.any(|value| texts.iter().any(|text| value.starts_with(text.as_str())))
            }
            Self::Regex(regex) => values.any(|value| regex.is_match(&value)),
        }
    }
}
