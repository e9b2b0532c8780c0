//! Crashes for want of memory: by size where it is known, since any code may meet them.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
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

const LAST_ERRORS: [&str; 2] = ["ERROR_COMMITMENT_LIMIT", "ERROR_NOT_ENOUGH_MEMORY"];

const REASONS: [&str; 2] = ["STATUS_FATAL_MEMORY_EXHAUSTION", "STATUS_NO_MEMORY"];

/// Allocations up to this many bytes are small: whoever asked for them is not to blame.
const SMALL_BYTES_MAX: i64 = 256 * 1024;

fn apply(crash: &CrashData, _: &Lists, signature: &mut Signature) {
    let script = crash.js_large_allocation_failure.as_deref() == Some("Reporting");
    if !(script || ran_out(crash, &signature.signature)) {
        return;
    }
    match crash.oom_allocation_size {
        _ if script => signature.mark("OOM | large"),
        None => signature.mark("OOM | unknown"),
        Some(size) if size <= SMALL_BYTES_MAX => "OOM | small".clone_into(&mut signature.signature),
        Some(_) => signature.mark("OOM | large"),
    }
}

fn ran_out(crash: &CrashData, signature: &str) -> bool {
    let last_error = crash
        .thread(crash.crashing_index())
        .and_then(|thread| thread.last_error_value.as_deref())
        .unwrap_or_default();
    crash.oom_allocation_size.is_some_and(|size| size != 0)
        || FUNCTIONS.iter().any(|function| signature.contains(function))
        || LAST_ERRORS.contains(&last_error)
        || REASONS.contains(&crash.reason.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_data::Thread;

    fn marked(crash: &CrashData, signature: &str) -> String {
        let mut result = Signature { signature: signature.to_owned(), ..Signature::default() };
        apply(crash, Lists::built_in(), &mut result);
        result.signature
    }

    #[test]
    fn the_size_of_the_allocation_decides() {
        let sized = |size| CrashData { oom_allocation_size: size, ..CrashData::default() };
        for (size, expected) in [
            (None, "f"),
            (Some(0), "f"),
            (Some(1), "OOM | small"),
            (Some(262_144), "OOM | small"),
            (Some(262_145), "OOM | large | f"),
        ] {
            assert_eq!(marked(&sized(size), "f"), expected, "{size:?}");
        }
    }

    #[test]
    fn every_other_sign_of_a_lack_of_memory_counts() {
        let text = |text: &str| Some(text.to_owned());
        let empty = CrashData::default;
        let last = Thread { last_error_value: text("ERROR_COMMITMENT_LIMIT"), ..Thread::default() };
        for (crash, signature, expected) in [
            (empty(), "NS_ABORT_OOM | f", "OOM | unknown | NS_ABORT_OOM | f"),
            (CrashData { threads: Some(vec![last]), ..empty() }, "f", "OOM | unknown | f"),
            (CrashData { reason: text("STATUS_NO_MEMORY"), ..empty() }, "f", "OOM | unknown | f"),
            (
                CrashData {
                    js_large_allocation_failure: text("Reporting"),
                    oom_allocation_size: Some(1),
                    ..empty()
                },
                "f",
                "OOM | large | f",
            ),
            (CrashData { js_large_allocation_failure: text("Recovered"), ..empty() }, "f", "f"),
        ] {
            assert_eq!(marked(&crash, signature), expected);
        }
    }
}
