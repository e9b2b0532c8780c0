//! What a crash's signature is made from, as the column of the table `frames` holds it: one line of
//! JSON, compressed.

use auxilio_common::limits::SIGNATURE_INPUT_BYTES_MAX;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Serialize, Serializer};

use crate::Error;

/// More than three gains nothing on some kilobytes.
const ZSTD_LEVEL: i32 = 3;

/// A compressed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// Compresses a line. `None` if it is longer than any that is kept.
    pub fn of(line: &str) -> Option<Self> {
        let fits = line.len() <= SIGNATURE_INPUT_BYTES_MAX;
        zstd::bulk::compress(line.as_bytes(), ZSTD_LEVEL).ok().filter(|_| fits).map(Self)
    }

    /// As the column has it.
    pub(crate) fn stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The line.
    ///
    /// # Errors
    /// Bytes that are none of ours, or that would be more than any line.
    pub fn line(&self) -> Result<String, Error> {
        let damaged = |what: String| Error::Unexpected { operation: "read frames", what };
        let line = zstd::bulk::decompress(&self.0, SIGNATURE_INPUT_BYTES_MAX)
            .map_err(|error| damaged(error.to_string()))?;
        String::from_utf8(line).map_err(|error| damaged(error.to_string()))
    }
}

/// As JSON carries bytes.
impl Serialize for Frames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_and_no_other_bytes_do() {
        let line = format!("{{\"a\": \"\u{e9}{}\"}}", "b".repeat(10_000));
        let frames = Frames::of(&line).unwrap();
        assert_eq!(frames.line().unwrap(), line);
        assert!(frames.0.len() < 200);
        for end in 1..frames.0.len() {
            Frames(frames.0[..end].to_vec()).line().unwrap_err();
        }
        assert!(Frames::of(&"x".repeat(SIGNATURE_INPUT_BYTES_MAX + 1)).is_none());
        let bomb = zstd::bulk::compress(&vec![0; SIGNATURE_INPUT_BYTES_MAX + 1], 3).unwrap();
        Frames(bomb).line().unwrap_err();
    }
}
