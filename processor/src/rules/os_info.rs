//! The operating system: from the dump, else from what the client says of it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "os_info", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let text = |key| stack::text_at(&draft.crash, &["json_dump", "system_info", key]);
    let name = text("os").or_else(|| case.annotation("OS")).map(str::trim).map(str::to_owned);
    let version = text("os_ver").or_else(|| case.annotation("OSVersion"));
    let version = version.map(str::trim).map(str::to_owned);
    draft.set_text("os_name", name.as_deref());
    draft.set_text("os_version", version.as_deref());
    Ok(())
}
