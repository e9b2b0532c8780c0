//! The processor, as the dump knows it.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "cpu_info", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(machine) = case.stack.as_ref().map(|stack| &stack.system_info) else { return Ok(()) };
    for field in ["cpu_arch", "cpu_info", "cpu_microcode_version"] {
        draft.set_text(field, stack::text(machine, field));
    }
    draft.set("cpu_count", machine.get("cpu_count").and_then(Value::as_i64));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_dump_knows_the_processor() {
        let made = processed_dump(&json!({"system_info": {
            "cpu_arch": "amd64", "cpu_info": "family 6 model 142 stepping 10", "cpu_count": 8,
            "cpu_microcode_version": "0xf0"}}));
        assert_eq!(made.crash.text("cpu_arch"), Some("amd64"));
        assert_eq!(made.crash.text("cpu_info"), Some("family 6 model 142 stepping 10"));
        assert_eq!(made.crash.text("cpu_microcode_version"), Some("0xf0"));
        assert_eq!(made.crash.integer("cpu_count"), Some(8));
    }

    #[test]
    fn what_it_says_in_another_shape_it_does_not_say() {
        for machine in [json!(null), json!([]), json!({"cpu_arch": 7, "cpu_count": "8"})] {
            let made = processed_dump(&json!({"system_info": machine}));
            assert!(made.crash.get("cpu_arch").is_none() && made.crash.get("cpu_count").is_none());
        }
    }
}
