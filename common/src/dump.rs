//! A dump: one file that came with a crash, by the name of its form part.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits;

/// The part that holds the main minidump.
pub const MAIN_DUMP: &str = "upload_file_minidump";

/// The name of a dump: 1 to 30 characters of `A-Z a-z 0-9 _`. Safe in a path and in a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DumpName(String);

/// Names that would collide with what the store keeps beside the dumps.
const RESERVED: [&str; 3] = ["dump_names", "raw_crash", "processed_crash"];

/// Why a part's name can't be a dump's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpNameError {
    /// Nothing is left of the name.
    #[error("a dump's name needs at least one character of A-Z, a-z, 0-9 and _")]
    Empty,
    /// The name is one that the store keeps for itself.
    #[error("\"{0}\" is a reserved name and can't be a dump's")]
    Reserved(String),
}

impl DumpName {
    /// Makes a name from a form part's: other characters are dropped, the rest is cut to its limit.
    pub fn from_part(text: &str) -> Result<Self, DumpNameError> {
        let kept: String = text
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
            .take(limits::DUMP_NAME_CHARS_MAX)
            .collect();
        if kept.is_empty() {
            return Err(DumpNameError::Empty);
        }
        if RESERVED.contains(&kept.as_str()) {
            return Err(DumpNameError::Reserved(kept));
        }
        Ok(Self(kept))
    }

    /// The main minidump's name.
    pub fn main() -> Self {
        Self(MAIN_DUMP.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the dump is a minidump to walk, by the convention of the clients.
    pub fn is_minidump(&self) -> bool {
        self.0.starts_with(MAIN_DUMP)
    }
}

impl fmt::Display for DumpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DumpName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Self::from_part(&text) {
            Ok(name) if name.0 == text => Ok(name),
            _ => Err(serde::de::Error::custom(format!("\"{text}\" is no dump's name"))),
        }
    }
}

/// What is known of a dump beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpInfo {
    /// The dump's name.
    pub name: DumpName,
    /// Where its bytes begin in the file that holds them, in bytes.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// SHA-256 of the bytes, as 64 lower-case hexadecimal digits: what the dump is.
    pub sha256: String,
    /// CRC-32 of the same bytes, taken in the same turn: whether they are still those. Missing in what was
    /// written before it was taken, and where nobody read the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc32: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe_and_never_reserved() {
        assert_eq!(DumpName::from_part("../up load").unwrap().as_str(), "upload");
        assert_eq!(DumpName::from_part(&"x".repeat(99)).unwrap().as_str().len(), 30);
        assert_eq!(DumpName::from_part("/.."), Err(DumpNameError::Empty));
        assert!(matches!(DumpName::from_part("raw_crash"), Err(DumpNameError::Reserved(_))));
        assert!(serde_json::from_str::<DumpName>("\"../x\"").is_err());
    }
}
