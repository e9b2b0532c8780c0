//! Annotations that become fields as they are: the rows of the table of fields with a source.
//!
//! A value of another kind than its field's is left out with a note; it never stops the others
//! (which it did in the system before us).

use auxilio_common::fields::{FIELDS, Field, Kind};
use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "copies", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    for field in FIELDS {
        if let Some(name) = field.annotation
            && let Some(text) = case.annotation(name)
        {
            copy(field, name, text, draft);
        }
    }
    Ok(())
}

fn copy(field: &Field, annotation: &str, text: &str, draft: &mut Draft) {
    if field.kind == Kind::Text {
        draft.set_text(field.name, Some(text));
        return;
    }
    match convert(field.kind, text) {
        Ok(value) => draft.set(field.name, Some(value)),
        Err(expected) => draft.note(format!("{annotation} is no {expected} and was left out")),
    }
}

/// The text as a value of a kind, or what it should have been.
fn convert(kind: Kind, text: &str) -> Result<Value, &'static str> {
    match kind {
        Kind::Text => Ok(text.into()),
        Kind::Integer => text.trim().parse::<i64>().map(Value::from).map_err(|_| "whole number"),
        Kind::Boolean => match text {
            "1" | "true" => Ok(true.into()),
            "0" | "false" => Ok(false.into()),
            _ => Err("truth value"),
        },
        Kind::Texts => serde_json::from_str::<Vec<String>>(text)
            .map(Value::from)
            .map_err(|_| "list of texts as JSON"),
        Kind::Structure => serde_json::from_str(text).map_err(|_| "JSON"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{processed, raw};

    #[test]
    fn texts_become_values_of_their_fields_kind() {
        for (kind, text, expected) in [
            (Kind::Text, "a", Ok("a".into())),
            (Kind::Integer, " 12", Ok(12.into())),
            (Kind::Integer, "-1", Ok((-1).into())),
            (Kind::Integer, "1.5", Err("whole number")),
            (Kind::Integer, "99999999999999999999", Err("whole number")),
            (Kind::Boolean, "1", Ok(true.into())),
            (Kind::Boolean, "false", Ok(false.into())),
            (Kind::Boolean, "yes", Err("truth value")),
            (Kind::Texts, r#"["a"]"#, Ok(vec!["a"].into())),
            (Kind::Texts, "[1]", Err("list of texts as JSON")),
            (Kind::Structure, "{}", Ok(serde_json::json!({}))),
            (Kind::Structure, "{", Err("JSON")),
        ] {
            assert_eq!(convert(kind, text), expected, "{kind:?} {text}");
        }
    }

    #[test]
    fn a_wrong_kind_is_noted_without_its_value_and_stops_nothing() {
        let made = processed(&raw(&[
            ("OOMAllocationSize", "secret"),
            ("StartupCrash", "maybe"),
            ("ProductName", "Demo  "),
            ("URL", "https://example.org/"),
            ("useragent_locale", "de"),
        ]));
        assert!(made.failed_rules.is_empty());
        assert_eq!(made.crash.text("product"), Some("Demo"));
        assert_eq!(made.crash.text("url"), Some("https://example.org/"));
        assert_eq!(made.crash.text("useragent_locale"), Some("de"));
        assert!(made.crash.get("oom_allocation_size").is_none());
        assert!(
            made.notes.contains(
                &"copies: OOMAllocationSize is no whole number and was left out".to_owned()
            )
        );
        assert!(!made.notes.iter().any(|note| note.contains("secret")));
    }

    #[test]
    fn long_texts_are_cut_with_a_note() {
        let made =
            processed(&raw(&[("ProductName", &"ü".repeat(300)), ("Notes", &"n".repeat(40_000))]));
        assert_eq!(made.crash.text("product").unwrap().chars().count(), 255);
        assert_eq!(made.crash.text("app_notes").unwrap().len(), 32_768);
        assert!(made.notes.contains(&"copies: product was cut to 255 characters".to_owned()));
    }
}
