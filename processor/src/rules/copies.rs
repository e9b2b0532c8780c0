//! Annotations that become fields as they are: the rows of the table of fields with a source.
//!
//! A value of another kind than its field's is converted where it says the same, and else left out
//! with a note; it never stops the others (which it did in the system before us). Of a structure, the
//! parts that the table does not list stay in the raw crash alone.

use auxilio_common::fields::{FIELDS, Field, Kind, Misfit, Permission, fit};
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
    let mut misfit = Misfit::default();
    let Some(value) = convert(field.kind, text, &mut misfit) else {
        let expected = expected(field.kind);
        draft.note(format!("{annotation} is no {expected} and was left out"));
        return;
    };
    draft.set(field.name, Some(value));
    if misfit.misshapen > 0 {
        let count = misfit.misshapen;
        draft.note(format!(
            "{count} parts of {annotation} have an unexpected shape and were left out"
        ));
    }
}

/// The text as a value of a kind.
fn convert(kind: Kind, text: &str, misfit: &mut Misfit) -> Option<Value> {
    let value = if kind.is_structure() || kind == Kind::Texts {
        // It nests as deep as the parser's own limit allows, no deeper.
        serde_json::from_str(text).ok().filter(|value: &Value| !value.is_null())?
    } else {
        Value::String(text.to_owned())
    };
    fit(value, kind, Permission::Protected, misfit)
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Plain => "text",
        Kind::Time => "time",
        Kind::Integer => "whole number",
        Kind::Number => "number",
        Kind::Boolean => "truth value",
        Kind::Texts => "list of texts as JSON",
        Kind::List(_) => "list as JSON",
        Kind::Object(_) | Kind::Map(_) | Kind::Json => "object as JSON",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::{processed, raw};

    #[test]
    fn texts_become_values_of_their_fields_kind() {
        for (kind, text, expected) in [
            (Kind::Integer, " 12", Some(json!(12))),
            (Kind::Integer, "-1", Some(json!(-1))),
            (Kind::Integer, "1.5", None),
            (Kind::Integer, "99999999999999999999", None),
            (Kind::Number, "1.5", Some(json!(1.5))),
            (Kind::Number, "1e999", None),
            (Kind::Boolean, "1", Some(json!(true))),
            (Kind::Boolean, "false", Some(json!(false))),
            (Kind::Boolean, "yes", None),
            (Kind::Texts, r#"["a", 1]"#, Some(json!(["a", "1"]))),
            (Kind::Texts, r#"{"a": 1}"#, None),
            (Kind::Texts, "null", None),
            (Kind::Object(&[]), r#"{"a": 1}"#, Some(json!({}))),
            (Kind::Object(&[]), "[]", None),
            (Kind::Object(&[]), "{", None),
            (Kind::Object(&[]), "7", None),
        ] {
            let made = convert(kind, text, &mut Misfit::default());
            assert_eq!(made, expected, "{kind:?} {text}");
        }
    }

    #[test]
    fn a_structure_keeps_what_the_table_lists_and_notes_odd_shapes() {
        let environment = json!({"system": {"memoryMB": 8192, "os": "odd", "unheard_of": "secret"},
            "addons": {"activeAddons": {"a@b": {"version": 1.5, "name": ["odd"]}}}, "new": {}});
        let made = processed(&raw(&[("TelemetryEnvironment", &environment.to_string())]));
        assert_eq!(
            made.crash.to_map()["telemetry_environment"],
            json!({"system": {"memoryMB": 8192}, "addons": {"activeAddons": {"a@b": {"version": 1.5}}}})
        );
        let note =
            "copies: 2 parts of TelemetryEnvironment have an unexpected shape and were left out";
        assert!(made.notes.iter().any(|found| found == note), "{:?}", made.notes);
    }

    #[test]
    fn nesting_beyond_any_client_is_left_out_with_a_note() {
        let deep = format!("{}1{}", r#"{"system":"#.repeat(10_000), "}".repeat(10_000));
        let made = processed(&raw(&[("TelemetryEnvironment", &deep), ("ProductName", "Demo")]));
        let note = "copies: TelemetryEnvironment is no object as JSON and was left out";
        assert!(made.notes.iter().any(|found| found == note), "{:?}", made.notes);
        assert_eq!(made.crash.text("product"), Some("Demo"));
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
