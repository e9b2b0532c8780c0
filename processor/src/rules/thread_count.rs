//! How many threads the process had, those that were cut from the walk counted.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "thread_count", applies: with_stack, act };

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = stack::at(&draft.crash, &["json_dump", "thread_count"]).and_then(Value::as_i64);
    let walked = i64::try_from(stack::threads(&draft.crash).len()).ok();
    draft.set("thread_count", told.or(walked));
    Ok(())
}
