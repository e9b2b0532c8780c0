//! Every Rust file opens by saying what it is for.

use crate::tidy::Finding;
use crate::tree::Tree;

const RULE: &str = "head";

/// Files whose first line is no module comment.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| {
            let head = file.text.lines().next().unwrap_or_default();
            head.strip_prefix("//!").is_none_or(|text| text.trim().len() < 10)
        })
        .map(|file| Finding::line(RULE, &file.path, 1, "the file opens with `//!` and its purpose"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_with_a_purpose_passes() {
        assert!(check(&Tree::of(&[("a/src/b.rs", "//! Takes a crash.\n")])).is_empty());
    }

    #[test]
    fn file_without_a_purpose_is_found() {
        let tree = Tree::of(&[("a/src/b.rs", "use x;\n"), ("a/src/c.rs", "//! c\n"), ("d.rs", "")]);
        assert_eq!(check(&tree).len(), 3);
    }
}
