//! The program ran out of memory: what asked for too much matters, and how much.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::case::{Case, Draft};
use crate::crash_data::CrashData;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "out_of_memory", apply };

/// Functions that end a program for want of memory.
const FUNCTIONS: [&str; 5] = [
    "NS_ABORT_OOM",
    "mozalloc_handle_oom",
    "CrashAtUnhandlableOOM",
    "AutoEnterOOMUnsafeRegion",
    "alloc::oom::oom",
];

/// Made once: to make them costs more than to look through a signature.
static FINDERS: LazyLock<[Finder<'static>; 5]> = LazyLock::new(|| FUNCTIONS.map(Finder::new));

const LAST_ERRORS: [&str; 2] = ["ERROR_COMMITMENT_LIMIT", "ERROR_NOT_ENOUGH_MEMORY"];

const REASONS: [&str; 2] = ["STATUS_FATAL_MEMORY_EXHAUSTION", "STATUS_NO_MEMORY"];

/// Allocations up to this many bytes are small: whoever asked for them is not to blame.
const SMALL_BYTES_MAX: i64 = 256 * 1024;

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let crash = case.crash;
    if !ran_out(crash, draft.text()) {
        return;
    }
    match crash.oom_allocation_size {
        _ if script_reports(crash) => draft.mark("OOM | large"),
        None => draft.mark("OOM | unknown"),
        Some(size) if size <= SMALL_BYTES_MAX => draft.set("OOM | small"),
        Some(_) => draft.mark("OOM | large"),
    }
}

fn ran_out(crash: &CrashData, signature: &str) -> bool {
    if crash.oom_allocation_size.is_some_and(|size| size != 0) {
        return true;
    }
    // A Java stack of which nothing is left says less than EMPTY does.
    if signature.is_empty() {
        return false;
    }
    let thread = crash.thread(crash.crashing_index());
    let last_error = thread.and_then(|thread| thread.last_error_value.as_deref());
    script_reports(crash)
        || FINDERS.iter().any(|function| function.find(signature.as_bytes()).is_some())
        || LAST_ERRORS.contains(&last_error.unwrap_or_default())
        || REASONS.contains(&crash.reason.as_deref().unwrap_or_default())
}

/// Whether script was about to report that a large allocation failed.
fn script_reports(crash: &CrashData) -> bool {
    crash.js_large_allocation_failure.as_deref() == Some("Reporting")
}
