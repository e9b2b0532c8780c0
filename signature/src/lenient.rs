//! Reading whole numbers that some writers send as text.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A whole number, or its text; anything else is as good as absent.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}
