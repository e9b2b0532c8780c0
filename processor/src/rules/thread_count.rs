//! How many threads the process had, those that were cut from the walk counted.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "thread_count", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = case.stack.as_ref().and_then(|stack| stack.thread_count);
    let walked = case.stack.as_ref().and_then(|stack| i64::try_from(stack.threads_len).ok());
    draft.set("thread_count", told.or(walked));
    Ok(())
}
