//! A processed crash: what the processor says of a crash, and the envelope that it travels in.
//!
//! The same raw crash gives the same processed crash, byte for byte. Everything that differs
//! between two runs (generation, quality, times, processor, notes of the run) stands in the
//! envelope beside it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::fields;
use crate::{CrashId, Generation, JsonText, Timestamp};

/// How good a run was; a better one is never replaced by a worse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Quality {
    /// There is no stack though a dump came along.
    NoStack = 0,
    /// Symbols that exist could not be had, or a rule failed.
    Partial = 1,
    /// Nothing went wrong.
    Clean = 2,
}

impl From<Quality> for u8 {
    fn from(quality: Quality) -> Self {
        quality as Self
    }
}

impl TryFrom<u8> for Quality {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::NoStack),
            1 => Ok(Self::Partial),
            2 => Ok(Self::Clean),
            other => Err(format!("{other} is no quality: 0, 1 or 2")),
        }
    }
}

/// The processed crash itself: today's field names, sorted.
///
/// Structures (`json_dump`, and what stands under the names of further minidumps) are nearly all of
/// its bytes. They are kept as text, because nobody on the way looks into them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessedCrash {
    fields: Map<String, Value>,
    structures: BTreeMap<String, JsonText>,
}

impl ProcessedCrash {
    /// A plain field's value, unless it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A field's whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    /// A structure's text, if there is one.
    pub fn structure(&self, name: &str) -> Option<&JsonText> {
        self.structures.get(name)
    }

    /// Sets a field; `None` leaves it absent.
    pub fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        let Some(value) = value.map(Into::into) else { return };
        if is_structure(name)
            && let Ok(text) = JsonText::of(&value)
        {
            self.set_structure(name, text);
        } else {
            self.fields.insert(name.to_owned(), value);
        }
    }

    /// Takes a field away, a structure too; true if it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let plain = self.fields.remove(name).is_some();
        self.structures.remove(name).is_some() || plain
    }

    /// Sets a field that is a structure.
    pub fn set_structure(&mut self, name: &str, text: JsonText) {
        self.structures.insert(name.to_owned(), text);
    }

    /// Plain fields and structures, apart.
    pub fn into_parts(self) -> (Map<String, Value>, BTreeMap<String, JsonText>) {
        (self.fields, self.structures)
    }

    /// All of it as values. A structure that can't be taken apart is left out.
    pub fn to_map(&self) -> Map<String, Value> {
        let structures = self.structures.iter();
        let read = structures.filter_map(|(name, text)| Some((name.clone(), text.value().ok()?)));
        self.fields.clone().into_iter().chain(read).collect()
    }
}

impl From<Map<String, Value>> for ProcessedCrash {
    fn from(fields: Map<String, Value>) -> Self {
        let mut crash = Self::default();
        for (name, value) in fields {
            crash.set(&name, Some(value));
        }
        crash
    }
}

impl Serialize for ProcessedCrash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object =
            serializer.serialize_map(Some(self.fields.len() + self.structures.len()))?;
        // Both are sorted, so one order of names comes of them.
        let mut structures = self.structures.iter().peekable();
        for (name, value) in &self.fields {
            while let Some((before, text)) = structures.next_if(|(before, _)| *before < name) {
                object.serialize_entry(before, text)?;
            }
            object.serialize_entry(name, value)?;
        }
        for (name, text) in structures {
            object.serialize_entry(name, text)?;
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for ProcessedCrash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = ProcessedCrash;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a processed crash")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<ProcessedCrash, A::Error> {
        let mut crash = ProcessedCrash::default();
        while let Some(name) = object.next_key::<String>()? {
            if is_structure(&name) {
                crash.structures.insert(name, object.next_value()?);
            } else {
                crash.fields.insert(name, object.next_value()?);
            }
        }
        Ok(crash)
    }
}

fn is_structure(name: &str) -> bool {
    fields::find(name).is_some_and(|field| field.kind.is_structure())
}

/// What belongs to one run of processing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessedEnvelope {
    /// The crash.
    pub crash_id: CrashId,
    /// The run's place among all runs of the crash.
    pub generation: Generation,
    /// How good the run was.
    pub quality: Quality,
    /// The processor that ran it.
    pub processor: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Timestamp,
    /// Names of the rules that failed.
    pub failed_rules: Vec<String>,
    /// What the run noted, in order.
    pub notes: Vec<String>,
    /// Notes of the runs before it, newest first.
    #[serde(default)]
    pub history: Vec<String>,
}

/// A processed crash with its envelope: what a store keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessedDocument {
    /// What belongs to the run.
    pub envelope: ProcessedEnvelope,
    /// What is the same for every clean run.
    pub crash: ProcessedCrash,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"{"zz":"t","json_dump":{"z":[1.50],"y":null},"k":null,"upload_file_minidump_browser":{"b":{}},"a":1}"#;

    #[test]
    fn structures_stay_text_and_all_is_sorted() {
        let crash: ProcessedCrash = serde_json::from_str(TEXT).unwrap();
        assert_eq!(crash.structure("json_dump").unwrap().get(), r#"{"z":[1.50],"y":null}"#);
        assert!(crash.get("json_dump").is_none() && crash.get("k").is_none());
        let written = serde_json::to_string(&crash).unwrap();
        assert_eq!(
            written,
            r#"{"a":1,"json_dump":{"z":[1.50],"y":null},"k":null,"upload_file_minidump_browser":{"b":{}},"zz":"t"}"#
        );
        assert_eq!(serde_json::from_str::<ProcessedCrash>(&written).unwrap(), crash);
    }

    #[test]
    fn values_and_texts_are_one_crash() {
        let Ok(Value::Object(fields)) = serde_json::from_str(TEXT) else { unreachable!() };
        let crash = ProcessedCrash::from(fields.clone());
        assert_eq!(crash.to_map(), fields);
        let again = serde_json::to_string(&crash).unwrap();
        assert_eq!(serde_json::from_str::<ProcessedCrash>(&again).unwrap(), crash);
        let mut other = ProcessedCrash::default();
        other.set("json_dump", Some(json!({"a": 1})));
        assert_eq!(other.structure("json_dump").unwrap().get(), r#"{"a":1}"#);
    }
}
