//! The crash id under both of its names.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "identifiers", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let id = case.raw.crash_id.to_string();
    draft.set("uuid", Some(id.as_str()));
    draft.set("crash_id", Some(id));
    Ok(())
}
