//! A watchdog that ended a shutdown: the first thread hangs, not the watchdog's own.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;
use crate::rules::frames;

pub(super) const RULE: PostRule = PostRule { name: "shutdown_hang", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    if !draft.text().contains("RunWatchdog") {
        return;
    }
    frames::from_thread(case, Some(0), draft);
    draft.mark("shutdownhang");
}
