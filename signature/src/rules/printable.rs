//! A signature holds printable ASCII alone: it travels in addresses, columns and other systems.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "printable", apply };

fn apply(_: &CrashData, _: &Lists, signature: &mut Signature) {
    signature.signature = filter(&signature.signature);
}

/// The text's printable ASCII characters, spaces included.
pub(super) fn filter(text: &str) -> String {
    text.chars().filter(|character| matches!(character, ' '..='~')).collect()
}
