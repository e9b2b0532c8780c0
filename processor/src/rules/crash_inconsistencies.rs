//! What in the dump contradicts itself.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "crash_inconsistencies", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let found = case.stack.as_ref().and_then(|stack| stack.crash_info.get("crash_inconsistencies"));
    let Some(found) = found.filter(|found| !found.is_null()) else { return Ok(()) };
    let list = found.as_array().filter(|items| items.iter().all(Value::is_string)).cloned();
    let shape = RuleError::Shape {
        path: "json_dump.crash_info.crash_inconsistencies",
        expected: "list of texts",
    };
    draft.set("crash_inconsistencies", Some(list.ok_or(shape)?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use auxilio_common::Quality;
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn contradictions_are_copied() {
        let list = json!(["access violation at a readable address"]);
        let made = processed_dump(&json!({"crash_info": {"crash_inconsistencies": list}}));
        assert_eq!(made.crash.to_map()["crash_inconsistencies"], list);
    }

    #[test]
    fn another_shape_fails_this_rule_alone() {
        let made =
            processed_dump(&json!({"crash_info": {"crash_inconsistencies": "x"}, "threads": [{}]}));
        assert_eq!(made.failed_rules, ["crash_inconsistencies"]);
        assert_eq!(made.quality, Quality::Partial);
        assert_eq!(made.crash.integer("thread_count"), Some(1));
    }
}
