//! What went wrong while the dump was written, as its writer says it: JSON, of which the beginning
//! is enough. It may quote memory, so it is protected.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::text;

pub(super) const RULE: Rule = Rule { name: "soft_errors", applies: with_stack, act };

/// Characters that are kept: the number that today's readers know.
const CHARS_MAX: usize = 4_096;

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = case.stack.as_ref().and_then(|stack| stack.soft_errors);
    // Null, and lists and objects of nothing, are no errors.
    if let Some(told) = told.filter(|told| !["null", "[]", "{}", "\"\""].contains(told)) {
        let cut = text::cut(told, CHARS_MAX);
        if cut.len() < told.len() {
            draft.note(format!("soft_errors was cut to {CHARS_MAX} characters"));
        }
        draft.set("soft_errors", Some(cut));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn errors_are_kept_as_a_short_text() {
        let long = json!([{"Failed": "é".repeat(5_000)}]);
        for (told, expected) in [
            (json!([{"InitErrors": ["x"]}]), Some(r#"[{"InitErrors":["x"]}]"#.to_owned())),
            (json!("left out"), Some("\"left out\"".to_owned())),
            (json!(null), None),
            (json!([]), None),
            (long.clone(), Some(long.to_string().chars().take(4_096).collect())),
        ] {
            let made = processed_dump(&json!({"soft_errors": told}));
            assert_eq!(made.crash.text("soft_errors"), expected.as_deref());
            assert!(made.failed_rules.is_empty());
        }
    }
}
