//! JSON values as the rules take them.

use serde_json::Value;

/// Null, false, zero and what is empty say nothing.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}

/// A value that is there and says something.
pub(crate) fn filled(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| says_something(value))
}

/// A value in words; those that JSON has no quotes for are spelled as Python spells them, as in
/// Mozilla's signatures.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A whole number or its text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
