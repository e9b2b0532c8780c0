//! A channel between processes that broke: which one matters, and the frames don't.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "ipc_channel_error", apply };

/// The dump of the process that the user sees.
const BROWSER_DUMP: &str = "upload_file_minidump_browser";

/// Characters of the error that are kept.
const ERROR_CHARS_MAX: usize = 100;

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let error = case.crash.ipc_channel_error.as_deref().filter(|error| !error.is_empty());
    let Some(error) = error else { return };
    let mut dumps = case.crash.additional_minidumps.iter().flatten();
    let side = if dumps.any(|dump| **dump == *BROWSER_DUMP) { "browser" } else { "content" };
    let error: String = error.chars().take(ERROR_CHARS_MAX).collect();
    draft.note(RULE.name, "the signature of the frames was replaced");
    draft.set(format!("IPCError-{side} | {error}"));
}
