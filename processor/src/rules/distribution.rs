//! Whose build it is: the client says, or its environment does.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "distribution", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let id = match case.annotation("DistributionID") {
        Some(id) => id.to_owned(),
        None => from_environment(case, draft),
    };
    draft.set_text("distribution_id", Some(&id));
    Ok(())
}

/// The partner of the build; an empty one is the maker's own build.
fn from_environment(case: &Case<'_>, draft: &mut Draft) -> String {
    const UNKNOWN: &str = "unknown";
    let Some(text) = case.annotation("TelemetryEnvironment") else { return UNKNOWN.to_owned() };
    let Ok(environment) = serde_json::from_str::<Value>(text) else {
        draft.note("TelemetryEnvironment is no JSON");
        return UNKNOWN.to_owned();
    };
    match environment.pointer("/partner/distributionId") {
        Some(Value::String(id)) if !id.is_empty() => id.replace('\0', ""),
        Some(Value::String(_) | Value::Null) => "mozilla".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_distribution_is_told_or_guessed() {
        for (given, environment, expected) in [
            ("acme", "{", "acme"),
            ("", "", "unknown"),
            ("", "{", "unknown"),
            ("", "{}", "unknown"),
            ("", r#"{"partner":{"distributionId":null}}"#, "mozilla"),
            ("", r#"{"partner":{"distributionId":""}}"#, "mozilla"),
            ("", r#"{"partner":{"distributionId":"acme"}}"#, "acme"),
            ("", r#"{"partner":7}"#, "unknown"),
        ] {
            let made = processed(&raw(&[
                ("DistributionID", given),
                ("TelemetryEnvironment", environment),
            ]));
            assert_eq!(made.crash.text("distribution_id"), Some(expected), "{environment}");
        }
    }
}
