//! The edge where text is cleaned: what no database takes goes, what is too long is cut.

use std::borrow::Cow;

use auxilio_common::{Annotations, JsonText, fields, limits};

use serde_json::Value;

use crate::walked_dump::Walks;

/// Characters that a text field may have.
pub(crate) fn chars_max(field: &str) -> usize {
    fields::find(field).map_or(limits::TEXT_FIELD_CHARS_MAX, |field| field.chars_max)
}

/// The first `most` characters of a text.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// The annotations without U+0000 in names and values; copied only where there is one.
///
/// Returns the names of what was changed. A value stays even where its name loses a character, and
/// never replaces the value that already has that name.
pub(crate) fn clean_annotations(annotations: &Annotations) -> (Cow<'_, Annotations>, Vec<String>) {
    let dirty = |(name, value): (&String, &String)| name.contains('\0') || value.contains('\0');
    if !annotations.iter().any(dirty) {
        return (Cow::Borrowed(annotations), Vec::new());
    }
    let (mut cleaned, mut changed) = (Annotations::new(), Vec::new());
    // Names that need no change come first and keep their place.
    let (clean, renamed): (Vec<_>, Vec<_>) =
        annotations.iter().partition(|(name, _)| !name.contains('\0'));
    for (name, value) in clean.into_iter().chain(renamed) {
        let name = name.replace('\0', "");
        if dirty((&name, value)) || !annotations.contains_key(&name) {
            changed.push(name.clone());
        }
        cleaned.entry(name).or_insert_with(|| value.replace('\0', ""));
    }
    (Cow::Owned(cleaned), changed)
}

/// Takes U+0000 out of everything that the stack walker says; true if there was one.
pub(crate) fn clean_walks(walks: &mut Walks) -> bool {
    let mut changed = false;
    for walk in walks.values_mut() {
        changed |= clean_text(&mut walk.status);
        if let Some(words) = &mut walk.stderr {
            changed |= clean_text(words);
        }
        if let Some(json_dump) = &mut walk.json_dump {
            changed |= clean_json(json_dump);
        }
    }
    changed
}

/// Takes U+0000 out of a value, at any depth.
pub(crate) fn clean_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            clean_text(text);
        }
        Value::Array(items) => items.iter_mut().for_each(clean_value),
        Value::Object(fields) if fields.keys().any(|name| name.contains('\0')) => {
            let whole = std::mem::take(fields).into_iter();
            *fields = whole.map(|(name, value)| (name.replace('\0', ""), value)).collect();
            fields.values_mut().for_each(clean_value);
        }
        Value::Object(fields) => fields.values_mut().for_each(clean_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes the escapes of U+0000 out of the text itself: a tree of its values would take several
/// times its bytes, and a hostile dump may have one in every name.
pub(crate) fn clean_json(text: &mut JsonText) -> bool {
    let cleaned = text.get().contains("\\u0000").then(|| without_zeros(text.get()));
    let changed = cleaned.filter(|cleaned| cleaned.len() < text.get().len());
    // What was JSON still is: only parts of strings are gone.
    match changed.map(JsonText::new) {
        Some(Ok(cleaned)) => {
            *text = cleaned;
            true
        }
        _ => false,
    }
}

/// JSON text without escaped zeros. A backslash stands in strings alone and begins an escape.
fn without_zeros(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        cleaned.push_str(before);
        rest = if let Some(behind) = escape.strip_prefix("\\u0000") {
            behind
        } else {
            // The escaped character is of one byte, as everything that may be escaped is.
            let (this, behind) = escape.split_at_checked(2).unwrap_or((escape, ""));
            cleaned.push_str(this);
            behind
        };
    }
    cleaned + rest
}

fn clean_text(text: &mut String) -> bool {
    let dirty = text.contains('\0');
    if dirty {
        text.retain(|character| character != '\0');
    }
    dirty
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clean_annotations_are_not_copied() {
        let annotations = Annotations::from([("A".to_owned(), "b".to_owned())]);
        assert!(
            matches!(clean_annotations(&annotations), (Cow::Borrowed(_), changed) if changed.is_empty())
        );
    }

    #[test]
    fn a_zero_in_a_name_loses_no_value_and_replaces_none() {
        let annotations = Annotations::from([
            ("A\0".to_owned(), "renamed".to_owned()),
            ("B".to_owned(), "keeps\0 its place".to_owned()),
            ("B\0".to_owned(), "comes too late".to_owned()),
        ]);
        let (cleaned, changed) = clean_annotations(&annotations);
        assert_eq!(cleaned["A"], "renamed");
        assert_eq!(cleaned["B"], "keeps its place");
        assert_eq!(cleaned.len(), 2);
        assert_eq!(changed, ["B", "A"]);
    }

    #[test]
    fn the_walkers_words_are_cleaned_at_any_depth() {
        let mut text = JsonText::of(&json!({"a": [{"b\0": "x\0y"}], "c": 1})).unwrap();
        assert!(clean_json(&mut text));
        assert_eq!(text.value().unwrap(), json!({"a": [{"b": "xy"}], "c": 1}));
        assert!(!clean_json(&mut text));
        // An escaped backslash before such digits is no such escape, and not a byte is changed.
        let mut text = JsonText::new(r#"{"z":"\\u0000","a":1}"#.to_owned()).unwrap();
        assert!(!clean_json(&mut text));
        assert_eq!(text.get(), r#"{"z":"\\u0000","a":1}"#);
    }

    #[test]
    fn values_are_cleaned_at_any_depth() {
        let mut value = json!({"a\0": [{"b": "x\0y\0"}], "c": 1, "\0d\0": null});
        clean_value(&mut value);
        assert_eq!(value, json!({"a": [{"b": "xy"}], "c": 1, "d": null}));
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("äöü", 2), "äö");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("", 0), "");
    }
}
