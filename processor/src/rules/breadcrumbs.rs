//! What the program did last, step by step, as Sentry's clients write it: a list of objects with a
//! `timestamp` each, or an object that holds that list as `values`. It may name people and pages,
//! so it is protected.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "breadcrumbs", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("Breadcrumbs").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    match read(case.annotation("Breadcrumbs").unwrap_or_default()) {
        Ok(list) => draft.set_fitting("breadcrumbs", list),
        Err(why) => draft.note(format!("Breadcrumbs was left out: {why}")),
    }
    Ok(())
}

fn read(text: &str) -> Result<Value, String> {
    let list = match serde_json::from_str(text).map_err(|_| "it is no JSON")? {
        Value::Object(mut outer) => outer.remove("values").unwrap_or_default(),
        list => list,
    };
    let Value::Array(items) = &list else { return Err("it is no list".to_owned()) };
    for (place, item) in items.iter().enumerate() {
        let Value::Object(item) = item else { return Err(format!("step {place} is no object")) };
        if !item.contains_key("timestamp") {
            return Err(format!("step {place} has no timestamp"));
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn steps_are_taken_over_from_either_form() {
        let steps = json!([{"timestamp": "2021-01-07T16:09:31", "message": "a\0b", "level": 7, "type": [],
            "secret": 1}, {"timestamp": 1}]);
        let kept = json!([{"timestamp": "2021-01-07T16:09:31", "message": "ab", "level": "7"},
            {"timestamp": 1}]);
        for given in [steps.clone(), json!({"values": steps})] {
            let made = processed(&raw(&[("Breadcrumbs", &given.to_string())]));
            assert_eq!(made.crash.to_map()["breadcrumbs"], kept);
            let odd =
                "breadcrumbs: 1 parts of breadcrumbs have an unexpected shape and were left out";
            assert!(made.notes.contains(&odd.to_owned()), "{:?}", made.notes);
        }
        let made = processed(&raw(&[("Breadcrumbs", "[]")]));
        assert_eq!(made.crash.to_map()["breadcrumbs"], json!([]));
    }

    #[test]
    fn anything_else_is_left_out_with_a_note() {
        for (given, why) in [
            ("{", "it is no JSON"),
            ("7", "it is no list"),
            ("null", "it is no list"),
            ("{}", "it is no list"),
            (r#"{"values": {}}"#, "it is no list"),
            (r#"[{"timestamp": 1}, "x"]"#, "step 1 is no object"),
            (r#"[{"message": "x"}]"#, "step 0 has no timestamp"),
            (&"[".repeat(5_000), "it is no JSON"),
        ] {
            let made = processed(&raw(&[("Breadcrumbs", given)]));
            assert!(!made.crash.to_map().contains_key("breadcrumbs"), "{given}");
            let note = format!("breadcrumbs: Breadcrumbs was left out: {why}");
            assert!(made.notes.contains(&note), "{given}: {:?}", made.notes);
        }
    }
}
