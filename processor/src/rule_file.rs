//! The text of a site's rules. Its form is described in docs/rules.md.
//!
//! A rule that could do harm unnoticed is refused: one that shows a protected value to everybody
//! without saying so, and one that takes away what a crash is found by.

use std::collections::{BTreeMap, BTreeSet};

use auxilio_common::fields::{self, Field, Kind, annotations};
use auxilio_common::{Timestamp, limits};
use auxilio_service::rule_text::{self, OneOrMore, RuleFault, RuleText, RulesError};
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::rule_set::{Base, RuleSets};
use crate::site_rule::{Action, Condition, Given, SiteRule, Source, Test};

/// Fields that a crash is found by: no rule changes them.
const IDENTITY: [&str; 3] = ["uuid", "crash_id", "date_processed"];

/// Fields by which people ask for crashes: a rule may change them, but every crash has them.
const KEPT: [&str; 2] = ["product", "version"];

/// Fields that are made after a site's rules: what those would write is lost.
const MADE_LATER: [&str; 7] = [
    "signature",
    "proto_signature",
    "signature_input",
    "signature_debug",
    "group_key",
    "success",
    "json_dump",
];

/// The rules that a configuration names: a list that comes with the program, or a file.
pub fn load(name: &str) -> Result<RuleSets, RulesError> {
    if let Some(base) = base(name) {
        return Ok(RuleSets { base, ..RuleSets::default() });
    }
    let text = rule_text::read_file(name, "list of rules", bases)?;
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

/// Reads a set of rules.
pub fn read(text: &str) -> Result<RuleSets, RuleFault> {
    let reader = Reader { text: RuleText(text) };
    let file: File = reader.text.parse()?;
    if file.rule.len() > limits::RULES_COUNT_MAX {
        let what = format!("a file has at most {} rules [[rule]]", limits::RULES_COUNT_MAX);
        return reader.text.wrong(0, what);
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
            return reader.text.wrong(at, format!("a second rule named {}", rule.name));
        }
        site.push(rule);
    }
    Ok(RuleSets { base, products, site })
}

struct Reader<'a> {
    text: RuleText<'a>,
}

impl Reader<'_> {
    /// Names the place where something is wrong.
    fn at<T>(&self, at: usize, read: Result<T, String>) -> Result<T, RuleFault> {
        read.map_err(|what| self.text.fault(at, what))
    }

    fn base(&self, name: &Spanned<String>) -> Result<Base, RuleFault> {
        let what = || format!("{:?} is none of {}", name.get_ref(), bases());
        self.at(name.span().start, base(name.get_ref()).ok_or_else(what))
    }

    fn rule(&self, rule: FileRule) -> Result<SiteRule, RuleFault> {
        let (name, at) = (rule.name.get_ref().clone(), rule.name.span().start);
        self.text.check_name(&rule.name)?;
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
            _ => {
                return self
                    .text
                    .wrong(at, format!("{name} has not exactly one of set, append, drop"));
            }
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
    let tests = [
        given.equals.map(|text| Test::OneOf(vec![text])),
        given.one_of.map(Test::OneOf),
        given.prefix.map(|texts| Test::Prefix(texts.into())),
        given.regex.map(|text| rule_text::regex(&text, false)).transpose()?.map(Test::Regex),
        given.present.map(Test::Present),
    ];
    let mut tests = tests.into_iter().flatten();
    let (Some(test), None) = (tests.next(), tests.next()) else {
        let what = "a condition has exactly one of equals, one_of, prefix, regex and present";
        return Err(what.to_owned());
    };
    Ok(Condition { of, not: given.not, test })
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
