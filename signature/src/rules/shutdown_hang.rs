//! A watchdog that ended a shutdown: the first thread hangs, not the watchdog's own.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;
use crate::rules::frames;

pub(super) const RULE: PostRule = PostRule { name: "shutdown_hang", apply };

static WATCHDOG: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("RunWatchdog"));

fn apply(case: &Case<'_>, draft: &mut Draft) {
    if WATCHDOG.find(draft.text().as_bytes()).is_none() {
        return;
    }
    frames::from_thread(case, Some(0), draft);
    draft.mark("shutdownhang");
}
