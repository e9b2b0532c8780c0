//! The signature of a Java crash by its exception as an object: class, and the frame that threw.

use serde_json::Value;

const UNREADABLE: &str = "EMPTY: Java exception not in expected format";

/// The signature by the first frame of the first exception, which began all the others; and what its
/// reader should know.
pub(crate) fn signature(exception: &Value) -> (String, Vec<&'static str>) {
    let stack = exception.pointer("/exception/values/0/stacktrace").and_then(Value::as_object);
    let Some(stack) = stack.filter(|stack| !stack.is_empty()) else {
        return (UNREADABLE.to_owned(), vec!["the exception has no stack"]);
    };
    let module = stack.get("module").and_then(Value::as_str).unwrap_or_default();
    let class = stack.get("type").and_then(Value::as_str).unwrap_or("Unknown");
    let class = dotted(module, class, class);
    let frame = stack.get("frames").and_then(|frames| frames.get(0));
    let signature =
        frame.map_or_else(|| class.clone(), |frame| format!("{class}: at {}", named(frame)));
    (signature, Vec::new())
}

fn named(frame: &Value) -> String {
    let part = |key| frame.get(key).and_then(Value::as_str).unwrap_or_default();
    let (module, function) = (part("module"), part("function"));
    let name = dotted(module, function, if module.is_empty() { function } else { module });
    match (name.as_str(), part("filename")) {
        ("", _) => "unknown".to_owned(),
        (name, "") => name.to_owned(),
        (name, file) => format!("{name}({file})"),
    }
}

/// Both with a dot between them, or what stands for them where one is missing.
fn dotted(module: &str, name: &str, otherwise: &str) -> String {
    if module.is_empty() || name.is_empty() {
        otherwise.to_owned()
    } else {
        format!("{module}.{name}")
    }
}
