//! The JSON part that carries all annotations at once.

use auxilio_common::{Annotations, limits};
use serde_json::Value;

use crate::refusal::Refusal;

/// Reads the JSON part. Texts are kept as they are; other values become text, with a note.
///
/// `serde_json` refuses more than 128 nested levels by itself; a structure within that is kept as
/// its JSON text, which is how clients send structures anyway.
pub(crate) fn read(text: &[u8], notes: &mut Vec<String>) -> Result<Annotations, Refusal> {
    let value: Value = serde_json::from_slice(text).map_err(Refusal::BadJson)?;
    let Value::Object(fields) = value else { return Err(Refusal::JsonNotAnObject) };
    if fields.len() > limits::ANNOTATIONS_COUNT_MAX {
        return Err(Refusal::TooLarge("the number of annotations"));
    }
    let mut annotations = Annotations::new();
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text,
            Value::Null => {
                notes.push(format!("{name:?} was null and dropped"));
                continue;
            }
            other => {
                notes.push(format!("{name:?} was no text and kept as its JSON"));
                other.to_string()
            }
        };
        annotations.insert(name, text);
    }
    Ok(annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_no_text_are_kept_as_json_and_noted() {
        let mut notes = Vec::new();
        let json = br#"{"a": "x", "b": 1.5, "c": null, "d": {"e": [true]}}"#;
        let annotations = read(json, &mut notes).unwrap();
        let expected = [("a", "x"), ("b", "1.5"), ("d", r#"{"e":[true]}"#)];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(annotations, Annotations::from(expected));
        assert_eq!(notes.len(), 3);
    }

    #[test]
    fn what_is_no_object_is_refused_by_name() {
        let code = |text: &[u8]| read(text, &mut Vec::new()).unwrap_err().code();
        assert_eq!(code(b"[]"), "malformed_invalid_json_value");
        assert_eq!(code(b"{"), "malformed_invalid_json");
        assert_eq!(code(&b"[".repeat(100_000)), "malformed_invalid_json");
    }
}
