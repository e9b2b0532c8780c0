//! A signature has at most 255 characters.

use auxilio_common::limits::SIGNATURE_CHARS_MAX;

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "truncate", apply };

fn apply(_: &Case<'_>, draft: &mut Draft) {
    let text = draft.text();
    // The place of the first character too many, if there is one.
    if text.char_indices().nth(SIGNATURE_CHARS_MAX).is_none() {
        return;
    }
    let kept: String = text.chars().take(SIGNATURE_CHARS_MAX - 3).collect();
    draft.set(kept + "...");
    draft.note(RULE.name, "the signature was cut to its length");
}
