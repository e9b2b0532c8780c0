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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn what_the_walker_says_counts_and_else_what_there_is() {
        for (dump, expected) in [
            (json!({}), Some(0)),
            (json!({"threads": [{}, {}]}), Some(2)),
            (json!({"thread_count": 7, "threads": [{}]}), Some(7)),
            (json!({"thread_count": null, "threads": [{}]}), Some(1)),
            (json!({"thread_count": "seven", "threads": [{}]}), Some(1)),
            (json!({"thread_count": -1e99, "threads": "odd"}), Some(0)),
        ] {
            assert_eq!(processed_dump(&dump).crash.integer("thread_count"), expected, "{dump}");
        }
    }
}
