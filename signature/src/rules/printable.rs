//! A signature holds printable ASCII alone: it travels in addresses, columns and other systems.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;
use crate::work;

pub(super) const RULE: PostRule = PostRule { name: "printable", apply };

fn apply(_: &Case<'_>, draft: &mut Draft) {
    work::looks_at(draft.text().len());
    if !draft.text().bytes().all(is_printable) {
        draft.set(filter(draft.text()));
    }
}

/// The text's printable ASCII characters, spaces included.
pub(super) fn filter(text: &str) -> String {
    work::looks_at(text.len());
    text.bytes().filter(|byte| is_printable(*byte)).map(char::from).collect()
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}
