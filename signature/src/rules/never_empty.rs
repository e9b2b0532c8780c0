//! A signature is never empty: a name without any letter is no bucket that anybody finds again.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "never_empty", apply };

const NOTHING: &str = "EMPTY: no printable text";

fn apply(_: &Case<'_>, draft: &mut Draft) {
    if draft.text().is_empty() {
        draft.note(RULE.name, "nothing that can be printed was left");
        draft.set(NOTHING);
    }
}
