//! One condition about one field.

use std::borrow::Cow;
use std::fmt;

use auxilio_common::{Annotations, Day, Timestamp};
use regex::Regex;
use serde_json::Value;

use super::build_id;
use super::version::{Range, Version};

/// What is asked of a field.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) field: String,
    /// Where in the field's JSON the value stands (RFC 6901).
    pub(crate) pointer: Option<String>,
    /// What counts where there is no value.
    pub(crate) default: Option<String>,
    /// Whether capitals don't matter.
    pub(crate) ignore_case: bool,
    /// Whether the test must fail.
    pub(crate) not: bool,
    pub(crate) test: Test,
}

/// A test of a value. None but [`Test::Present`] holds where there is no value.
#[derive(Debug)]
pub(crate) enum Test {
    OneOf(Vec<String>),
    Prefix(Vec<String>),
    Regex(Regex),
    /// There and not empty, or not.
    Present(bool),
    Version {
        range: Range,
        text: String,
    },
    /// A build id of more than so many days ago.
    OlderThanDays(u32),
    /// A build id of an earlier day.
    BuiltBefore(Day),
    Is(bool),
    AtMost(f64),
    AtLeast(f64),
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn holds(&self, annotations: &Annotations, now: Timestamp) -> bool {
        self.holds_for(self.value(annotations).as_deref(), now)
    }

    /// The value, and what is asked of it, in words.
    pub(crate) fn describe(&self, annotations: &Annotations) -> String {
        const SHOWN_CHARS_MAX: usize = 60;
        let shown = match self.value(annotations) {
            None => "absent".to_owned(),
            Some(value) if value.chars().count() > SHOWN_CHARS_MAX => {
                let start: String = value.chars().take(SHOWN_CHARS_MAX).collect();
                format!("{start:?} and so on")
            }
            Some(value) => format!("{value:?}"),
        };
        format!("{self} (it is {shown})")
    }

    fn value<'a>(&'a self, annotations: &'a Annotations) -> Option<Cow<'a, str>> {
        let text = annotations.get(&self.field).map(|text| Cow::Borrowed(text.as_str()));
        let text = match &self.pointer {
            None => text,
            Some(pointer) => text.and_then(|text| within(&text, pointer)).map(Cow::Owned),
        };
        text.or_else(|| self.default.as_deref().map(Cow::Borrowed))
    }

    fn holds_for(&self, value: Option<&str>, now: Timestamp) -> bool {
        let holds = match (&self.test, value) {
            (Test::Present(wanted), value) => {
                value.is_some_and(|value| !value.is_empty()) == *wanted
            }
            (_, None) => false,
            (test, Some(value)) if self.ignore_case => test.holds(&value.to_lowercase(), now),
            (test, Some(value)) => test.holds(value, now),
        };
        holds != self.not
    }
}

/// The value at a place in a JSON text; structures and nulls are none.
fn within(text: &str, pointer: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text).ok()?.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Test {
    fn holds(&self, value: &str, now: Timestamp) -> bool {
        match self {
            Self::OneOf(texts) => texts.iter().any(|text| text == value),
            Self::Prefix(texts) => texts.iter().any(|text| value.starts_with(text.as_str())),
            Self::Regex(regex) => regex.is_match(value),
            Self::Present(wanted) => value.is_empty() != *wanted,
            Self::Version { range, .. } => {
                Version::parse(value).is_some_and(|version| range.contains(&version))
            }
            Self::OlderThanDays(days) => build_id::is_older(value, *days, now).unwrap_or(false),
            Self::BuiltBefore(day) => build_id::day(value).is_some_and(|built| built < *day),
            Self::Is(wanted) => boolean(value) == Some(*wanted),
            Self::AtMost(bound) => number(value).is_some_and(|number| number <= *bound),
            Self::AtLeast(bound) => number(value).is_some_and(|number| number >= *bound),
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    is(["1", "true"]).then_some(true).or_else(|| is(["0", "false"]).then_some(false))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.field, self.pointer.as_deref().unwrap_or_default())?;
        f.write_str(if self.not { " is not " } else { " is " })?;
        match &self.test {
            Test::OneOf(texts) if texts.len() == 1 => write!(f, "{:?}", texts[0]),
            Test::OneOf(texts) => write!(f, "one of {}", texts.join(", ")),
            Test::Prefix(texts) => write!(f, "a text that begins with {}", texts.join(" or ")),
            Test::Regex(regex) => write!(f, "a text with a match of {regex}"),
            Test::Present(true) => f.write_str("there and not empty"),
            Test::Present(false) => f.write_str("absent or empty"),
            Test::Version { text, .. } => write!(f, "a version {text}"),
            Test::OlderThanDays(days) => write!(f, "a build older than {days} days"),
            Test::BuiltBefore(day) => write!(f, "a build before {day}"),
            Test::Is(wanted) => write!(f, "{wanted}"),
            Test::AtMost(bound) => write!(f, "a number of at most {bound}"),
            Test::AtLeast(bound) => write!(f, "a number of at least {bound}"),
        }
    }
}
