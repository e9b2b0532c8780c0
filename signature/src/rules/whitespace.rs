//! One space between words, none around the signature.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;
use crate::work;

pub(super) const RULE: PostRule = PostRule { name: "whitespace", apply };

fn apply(_: &Case<'_>, draft: &mut Draft) {
    if is_fixed(draft.text()) {
        return;
    }
    work::looks_at(draft.text().len());
    let words: Vec<&str> = draft.text().split_whitespace().collect();
    let fixed = words.join(" ");
    draft.set(fixed);
}

/// Whether nothing is to do: the rule before leaves no other white space than spaces.
fn is_fixed(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}
