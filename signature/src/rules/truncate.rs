//! A signature has at most 255 characters.

use auxilio_common::limits::SIGNATURE_CHARS_MAX;

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "truncate", apply };

fn apply(_: &CrashData, _: &Lists, signature: &mut Signature) {
    let text = &signature.signature;
    // The place of the first character too many, if there is one.
    if text.char_indices().nth(SIGNATURE_CHARS_MAX).is_none() {
        return;
    }
    let kept: String = text.chars().take(SIGNATURE_CHARS_MAX - 3).collect();
    signature.signature = format!("{kept}...");
    signature.note(RULE.name, "the signature was cut to its length");
}
