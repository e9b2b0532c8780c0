//! One space between words, none around the signature.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "whitespace", apply };

fn apply(_: &Case<'_>, draft: &mut Draft) {
    let words: Vec<&str> = draft.text().split_whitespace().collect();
    let fixed = words.join(" ");
    draft.set(fixed);
}
