//! A stack that ran over: where it did is chance, so a mark says so.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "stack_overflow", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    if case.crash.reason.as_deref() == Some("EXCEPTION_STACK_OVERFLOW") {
        draft.mark("stackoverflow");
    }
}
