//! A path that may be left out, as configuration files and the environment write it: empty is none.
//!
//! Use it as `#[serde(with = "auxilio_common::optional_path")]`: every key then stands in the
//! written default, which is how the loader knows it.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serializer};

/// Writes a path, or an empty text for none.
pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.serialize_str(&path.to_string_lossy()),
        None => serializer.serialize_str(""),
    }
}

/// Reads a path; an empty text is none.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}
