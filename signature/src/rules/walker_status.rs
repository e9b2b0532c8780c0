//! A crash without frames says why: the stack walker's own word is added.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "walker_status", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let status = case.crash.mdsw_status_string.as_deref().filter(|status| !status.is_empty());
    if let Some(status) = status
        && draft.text().starts_with("EMPTY")
    {
        draft.set(format!("{}; {status}", draft.text()));
    }
}
