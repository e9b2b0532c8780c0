//! The operating system: from the dump, else from what the client says of it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "os_info", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let machine = case.stack.as_ref().map(|stack| &stack.system_info);
    let text = |key| machine.and_then(|machine| stack::text(machine, key));
    let name = text("os").or_else(|| case.annotation("OS")).map(str::trim).map(str::to_owned);
    let version = text("os_ver").or_else(|| case.annotation("OSVersion"));
    let version = version.map(str::trim).map(str::to_owned);
    draft.set_text("os_name", name.as_deref());
    draft.set_text("os_version", version.as_deref());
    Ok(())
}
