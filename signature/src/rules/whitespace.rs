//! One space between words, none around the signature.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "whitespace", apply };

fn apply(_: &CrashData, _: &Lists, signature: &mut Signature) {
    let words: Vec<&str> = signature.signature.split_whitespace().collect();
    signature.signature = words.join(" ");
}
