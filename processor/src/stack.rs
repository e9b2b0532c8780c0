//! A view on the walker's answer inside a processed crash.

use auxilio_common::ProcessedCrash;
use serde_json::Value;

/// The value at a path of keys, unless it is absent or null.
pub fn at<'a>(crash: &'a ProcessedCrash, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let mut value = crash.get(first)?;
    for key in rest {
        value = value.get(key)?;
    }
    (!value.is_null()).then_some(value)
}

/// The text at a path of keys, if there is one and it is not empty.
pub fn text_at<'a>(crash: &'a ProcessedCrash, path: &[&str]) -> Option<&'a str> {
    at(crash, path).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The items of a list inside a value; none where it is no list.
pub fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text inside a value, unless it is empty.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// All threads; none without a stack.
pub fn threads(crash: &ProcessedCrash) -> &[Value] {
    crash.get("json_dump").map_or(&[], |dump| items(dump, "threads"))
}

/// All loaded modules; none without a stack.
pub fn modules(crash: &ProcessedCrash) -> &[Value] {
    crash.get("json_dump").map_or(&[], |dump| items(dump, "modules"))
}

/// The thread that the report is about.
pub fn crashing_thread(crash: &ProcessedCrash) -> Option<&Value> {
    threads(crash).get(usize::try_from(crash.integer("crashing_thread")?).ok()?)
}

/// The frames of the thread that the report is about.
pub fn crashing_frames(crash: &ProcessedCrash) -> &[Value] {
    crashing_thread(crash).map_or(&[], |thread| items(thread, "frames"))
}
