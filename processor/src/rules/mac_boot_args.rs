//! How a Mac was told to boot: programs for developers change it. The words are the person's own,
//! so everybody sees only whether there are any.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "mac_boot_args", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let given = case.stack.as_ref().map(|stack| &stack.mac_boot_args);
    let words = given.and_then(Value::as_str).map(str::trim).filter(|words| !words.is_empty());
    draft.set_text("mac_boot_args", words);
    draft.set("has_mac_boot_args", words.map(|_| true));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn words_are_told_apart_from_none() {
        for (given, expected) in [
            (json!("-v keepsyms=1"), Some("-v keepsyms=1")),
            (json!("  "), None),
            (json!(""), None),
            (json!(null), None),
            (json!(7), None),
            (json!({"a": 1}), None),
        ] {
            let made = processed_dump(&json!({"mac_boot_args": given}));
            assert!(made.failed_rules.is_empty());
            assert_eq!(made.crash.text("mac_boot_args"), expected, "{given}");
            let has = made.crash.get("has_mac_boot_args");
            assert_eq!(has, expected.map(|_| json!(true)).as_ref());
        }
    }
}
