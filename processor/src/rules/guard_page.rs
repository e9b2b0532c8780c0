//! Whether the crash touched a page that guards others: a sign of an overrun that can be abused,
//! so it is protected.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "guard_page", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let accesses = case.stack.as_ref().and_then(|stack| stack.crash_info.get("memory_accesses"));
    let guarded = accesses.and_then(Value::as_array).is_some_and(|accesses| {
        accesses.iter().any(|access| access.get("is_likely_guard_page") == Some(&Value::Bool(true)))
    });
    draft.set("has_guard_page_access", guarded.then_some(true));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn one_guarded_access_is_enough() {
        for (accesses, expected) in [
            (json!([{"address": "0x1"}, {"is_likely_guard_page": true}]), Some(&json!(true))),
            (json!([{"is_likely_guard_page": false}]), None),
            (json!(null), None),
        ] {
            let made = processed_dump(&json!({"crash_info": {"memory_accesses": accesses}}));
            assert_eq!(made.crash.get("has_guard_page_access"), expected);
        }
    }
}
