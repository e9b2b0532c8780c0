//! A shutdown that took too long: its phase and what it waited for, in place of the frames.

use crate::case::{Case, Draft};
use crate::json;
use crate::post_rule::{PostRule, RuleFailed};
use serde_json::{Map, Value};

pub(super) const RULE: PostRule = PostRule { name: "shutdown_timeout", apply };

const UNKNOWN: &str = "UNKNOWN";

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let timeout = json::filled(case.crash.async_shutdown_timeout.as_ref());
    let Some(timeout) = timeout else { return };
    match told(timeout) {
        Ok(signature) => {
            draft.note(RULE.name, "the signature of the frames was replaced");
            draft.set(signature);
        }
        Err(failed) => draft.failed(RULE.name, failed),
    }
}

fn told(timeout: &Value) -> Result<String, RuleFailed> {
    let Some(timeout) = read(timeout)? else {
        return Ok(format!("AsyncShutdownTimeout | {UNKNOWN}"));
    };
    let phase = timeout.get("phase").and_then(Value::as_str).unwrap_or("(unknown)");
    let conditions = conditions(&timeout)?;
    let conditions = conditions.as_deref().unwrap_or(UNKNOWN);
    Ok(format!("AsyncShutdownTimeout | {phase} | {conditions}"))
}

/// The object that the value holds as text; none if that is no JSON.
fn read(timeout: &Value) -> Result<Option<Map<String, Value>>, RuleFailed> {
    let value = match timeout {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => return Ok(None),
        },
        other => other.clone(),
    };
    match value {
        Value::Object(object) => Ok(Some(object)),
        _ => Err(RuleFailed("the timeout is no object")),
    }
}

/// What the shutdown waited for, sorted; none if one of them has no name.
fn conditions(timeout: &Map<String, Value>) -> Result<Option<String>, RuleFailed> {
    let Some(conditions) = json::filled(timeout.get("conditions")) else {
        return Ok(Some("(none)".to_owned()));
    };
    let Value::Array(conditions) = conditions else {
        return Err(RuleFailed("the timeout's conditions are no list"));
    };
    let name = |condition: &Value| match condition {
        Value::Object(object) => object.get("name").map(json::as_text),
        other => Some(json::as_text(other)),
    };
    let names: Option<Vec<String>> = conditions.iter().map(name).collect();
    Ok(names.map(|mut names| {
        names.sort_unstable();
        names.join(",")
    }))
}
