//! The JSON part that carries all annotations at once.
//!
//! It is read value by value and no tree of it is built. Whatever one value has wrong costs that value
//! and leaves a note; only a text that is no JSON object costs the crash.

use std::fmt;

use auxilio_common::{Annotations, limits};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::notes::{Notes, shown};

/// Why a JSON part can't be read.
#[derive(Debug, thiserror::Error)]
pub enum JsonPartError {
    /// It is no JSON.
    #[error("the text is no JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, and no object.
    #[error("the JSON is no object")]
    NotAnObject,
}

/// Reads a JSON part: its annotations, and notes on what was not taken as it came.
pub fn read_json_part(text: &[u8]) -> Result<(Annotations, Vec<String>), JsonPartError> {
    let mut notes = Notes::default();
    let annotations = read(text, &mut notes)?;
    Ok((annotations, notes.into_lines()))
}

/// The same, with the notes among those of the whole crash.
pub(crate) fn read(text: &[u8], notes: &mut Notes) -> Result<Annotations, JsonPartError> {
    let repaired = String::from_utf8_lossy(text);
    if matches!(repaired, std::borrow::Cow::Owned(_)) {
        notes.push("the JSON part was not UTF-8: what is none was replaced".into());
    }
    let json = repaired.trim_start_matches('\u{feff}').trim_start();
    if !json.starts_with('{') {
        // The reader of raw values looks at nothing twice and needs no stack.
        let _: &RawValue = serde_json::from_str(json).map_err(JsonPartError::NotJson)?;
        return Err(JsonPartError::NotAnObject);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let annotations = reader.deserialize_map(Object { notes }).map_err(JsonPartError::NotJson)?;
    reader.end().map_err(JsonPartError::NotJson)?;
    Ok(annotations)
}

/// Takes an object's values as annotations.
struct Object<'n> {
    notes: &'n mut Notes,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Annotations;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
        let (mut annotations, mut beyond) = (Annotations::new(), 0_usize);
        while let Some(name) = map.next_key::<Text>()? {
            let value: &RawValue = map.next_value()?;
            if let Some((name, text)) = self::annotation(name, value.get(), self.notes) {
                if annotations.len() < limits::ANNOTATIONS_COUNT_MAX
                    || annotations.contains_key(&name)
                {
                    note_repeated(&annotations, &name, self.notes);
                    annotations.insert(name, text);
                } else {
                    beyond += 1;
                }
            }
        }
        if beyond > 0 {
            let max = limits::ANNOTATIONS_COUNT_MAX;
            self.notes.push(format!("{beyond} annotations beyond {max} were dropped"));
        }
        Ok(annotations)
    }
}

fn note_repeated(annotations: &Annotations, name: &str, notes: &mut Notes) {
    if annotations.contains_key(name) {
        notes.push(format!("{} came twice: the later value was kept", shown(name)));
    }
}

/// One annotation, or nothing where a note says why.
fn annotation(name: Text, value: &str, notes: &mut Notes) -> Option<(String, String)> {
    let Text { text: name, mended } = name;
    if name.is_empty() || name.len() > limits::ANNOTATION_NAME_BYTES_MAX {
        notes.push(format!("{} is no usable name: its annotation was dropped", shown(&name)));
        return None;
    }
    if mended {
        notes.push(format!("the name {} had half a character, which was replaced", shown(&name)));
    }
    let text = text_of(&name, value, notes)?;
    if text.len() > limits::ANNOTATION_BYTES_MAX {
        notes.push(format!("{} was longer than its limit and dropped", shown(&name)));
        return None;
    }
    Some((name, text))
}

/// A text as it is, other values as their JSON, a null as nothing.
fn text_of(name: &str, value: &str, notes: &mut Notes) -> Option<String> {
    match value.as_bytes().first() {
        Some(b'"') => {
            // The raw value was found whole: what can fail here is nothing.
            let Text { text, mended } = serde_json::from_str(value).ok()?;
            if mended {
                notes.push(format!("{} had half a character, which was replaced", shown(name)));
            }
            Some(text)
        }
        Some(b'n') => {
            notes.push(format!("{} was null and dropped", shown(name)));
            None
        }
        Some(b'{' | b'[') if depth(value) > limits::JSON_DEPTH_MAX => {
            let max = limits::JSON_DEPTH_MAX;
            notes.push(format!("{} was nested deeper than {max} and dropped", shown(name)));
            None
        }
        _ => {
            notes.push(format!("{} was no text and kept as its JSON", shown(name)));
            Some(value.to_owned())
        }
    }
}

/// How deep a JSON value is nested.
fn depth(json: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A JSON string. Halves of surrogate pairs, which clients on Windows cut texts at, are replaced.
struct Text {
    text: String,
    mended: bool,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes: as text one half of a pair would make the whole part an error.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(Text { text: text.to_owned(), mended: false });
        }
        let mut mended = bytes.to_vec();
        for place in 0..mended.len().saturating_sub(2) {
            // A lone surrogate has three bytes, as U+FFFD has.
            if mended[place] == 0xed && mended[place + 1] >= 0xa0 {
                mended[place..place + 3].copy_from_slice("\u{fffd}".as_bytes());
            }
        }
        String::from_utf8(mended).map(|text| Text { text, mended: true }).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(json: &str) -> (Vec<(String, String)>, Vec<String>) {
        let (annotations, notes) = read_json_part(json.as_bytes()).unwrap();
        (annotations.into_iter().collect(), notes)
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn values_that_are_no_text_are_kept_as_json_and_noted() {
        let (found, notes) =
            pairs(r#" {"a": "x", "b": 1.50, "c": null, "d": {"e": [true]}, "f": false} "#);
        let expected =
            [pair("a", "x"), pair("b", "1.50"), pair("d", r#"{"e": [true]}"#), pair("f", "false")];
        assert_eq!(found, expected);
        assert_eq!(notes.len(), 4);
    }

    #[test]
    fn what_is_no_object_is_refused_by_name() {
        let fault = |text: &[u8]| read_json_part(text).unwrap_err().to_string();
        for text in ["[]", "1", "\"x\"", "null", " [[[[]]]]"] {
            assert_eq!(fault(text.as_bytes()), "the JSON is no object", "{text}");
        }
        for text in ["", "{", "{\"a\":}", "{\"a\":1}}", "{\"a\":1} x", "nul", "{\"a\" 1}", "{1:2}"]
        {
            assert_eq!(fault(text.as_bytes()), "the text is no JSON", "{text}");
        }
    }

    #[test]
    fn any_depth_costs_its_value_and_no_stack() {
        let deep = |levels: usize| {
            format!(r#"{{"deep": {}{}, "a": "x"}}"#, "[".repeat(levels), "]".repeat(levels))
        };
        assert_eq!(pairs(&deep(limits::JSON_DEPTH_MAX)).0.len(), 2);
        for levels in [limits::JSON_DEPTH_MAX + 1, 1_000_000] {
            let (found, notes) = pairs(&deep(levels));
            assert_eq!(found, [pair("a", "x")]);
            assert_eq!(notes.len(), 1);
        }
        assert!(read_json_part(&b"[".repeat(1_000_000)).is_err());
        assert!(read_json_part(&b"{\"a\":".repeat(1_000_000)).is_err());
        assert_eq!(depth(r#"["[[\"[[", {"a[": []}]"#), 3);
    }

    #[test]
    fn halves_of_characters_are_replaced_and_whole_ones_kept() {
        let (found, notes) =
            pairs(r#"{"a": "x\ud800y", "b": "\ud83d\ude00", "\udc00": "z", "d": "é\ud800"}"#);
        let expected = [
            pair("a", "x\u{fffd}y"),
            pair("b", "😀"),
            pair("d", "é\u{fffd}"),
            pair("\u{fffd}", "z"),
        ];
        assert_eq!(found, expected);
        assert_eq!(notes.len(), 3);
        let (annotations, notes) = read_json_part(b"\xef\xbb\xbf{\"a\": \"\xff\"}").unwrap();
        assert_eq!(annotations["a"], "\u{fffd}");
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn names_values_and_counts_are_capped_and_the_rest_is_kept() {
        let long = "x".repeat(limits::ANNOTATION_BYTES_MAX + 1);
        let name = "n".repeat(limits::ANNOTATION_NAME_BYTES_MAX + 1);
        let (found, notes) =
            pairs(&format!(r#"{{"": "1", "{name}": "2", "long": "{long}", "a": "0", "a": "3"}}"#));
        assert_eq!(found, [pair("a", "3")]);
        assert_eq!(notes.len(), 4);
        let many: Vec<String> = (0..limits::ANNOTATIONS_COUNT_MAX + 7)
            .map(|number| format!("\"{number}\":\"\""))
            .collect();
        let (found, notes) = pairs(&format!("{{{}}}", many.join(",")));
        assert_eq!(found.len(), limits::ANNOTATIONS_COUNT_MAX);
        assert_eq!(notes, ["7 annotations beyond 1000 were dropped"]);
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_annotations_or_a_named_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_json_part(&bytes);
            let _ = read_json_part(&[b"{\"a\":".as_slice(), &bytes, b"}"].concat());
        }

        #[test]
        fn texts_come_out_as_they_went_in(
            pairs in prop::collection::btree_map("[a-z\"\\\\é😀]{1,9}", any::<String>(), 0..9),
        ) {
            let json = serde_json::to_vec(&pairs).unwrap();
            let (annotations, notes) = read_json_part(&json).unwrap();
            prop_assert_eq!(annotations, pairs);
            prop_assert!(notes.is_empty());
        }
    }
}
