//! A disk or a memory that fails: the place says nothing of the program, so a mark says so.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "bad_hardware", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    if case
        .crash
        .reason
        .as_deref()
        .is_some_and(|reason| reason.contains("STATUS_DEVICE_DATA_ERROR"))
    {
        draft.mark("bad hardware");
    }
}
