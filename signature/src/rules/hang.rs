//! A process that hung: a mark says what hung. Socorro of 2012 marked it before the frames.

use crate::case::{Case, Draft};
use crate::json;
use crate::post_rule::PostRule;
use crate::style::Style;

pub(super) const RULE: PostRule = PostRule { name: "hang", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    if let Some(hang) = case.crash.hang.as_ref().filter(|hang| !hang.is_null())
        && case.style == Style::Today
    {
        draft.mark(&format!("hang: {}", json::as_text(hang)));
    }
}
