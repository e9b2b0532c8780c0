//! The operating system, as the dump knows it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "os_info", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(machine) = case.stack.as_ref().map(|stack| &stack.system_info) else { return Ok(()) };
    let text = |key| stack::text(machine, key).map(str::trim).filter(|text| !text.is_empty());
    draft.set_text("os_name", text("os"));
    draft.set_text("os_version", text("os_ver"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_dump_knows_the_system() {
        for (os, version, expected) in [
            (json!("Linux"), json!(" 5.8 "), (Some("Linux"), Some("5.8"))),
            (json!("Linux"), json!(" "), (Some("Linux"), None)),
            (json!(""), json!(5), (None, None)),
            (json!(null), json!(null), (None, None)),
        ] {
            let made = processed_dump(&json!({"system_info": {"os": os, "os_ver": version}}));
            assert_eq!((made.crash.text("os_name"), made.crash.text("os_version")), expected);
        }
    }
}
