//! What macOS itself wrote about the crash, as JSON in a text: one record for each library that said
//! something.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "mac_crash_info", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(info) = case.stack.as_ref().map(|stack| &stack.mac_crash_info) else { return Ok(()) };
    let records = info.get("records").and_then(Value::as_array);
    if records.is_some_and(|records| !records.is_empty())
        && let Ok(text) = serde_json::to_string_pretty(info)
    {
        draft.set_text("mac_crash_info", Some(&text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sample::processed_dump;

    #[test]
    fn records_become_a_text_and_nothing_else_does() {
        let info =
            json!({"num_records": 1, "records": [{"message": "abort() called", "thread": "0x1"}]});
        let made = processed_dump(&json!({"mac_crash_info": info}));
        let text = made.crash.text("mac_crash_info").unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), info);
        for other in [json!(null), json!({"num_records": 0, "records": []}), json!({}), json!("x")]
        {
            let made = processed_dump(&json!({"mac_crash_info": other}));
            assert!(made.crash.get("mac_crash_info").is_none() && made.failed_rules.is_empty());
        }
    }
}
