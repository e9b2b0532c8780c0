//! Each crate says in its `lib.rs` what it deliberately is not.

use crate::tidy::Finding;
use crate::tree::Tree;

const RULE: &str = "crates";

/// The crates' roots whose module comment draws no border.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| file.path.ends_with("/src/lib.rs") && file.path.matches('/').count() == 2)
        .filter(|file| !draws_a_border(&file.text))
        .map(|file| {
            let what = "the crate's comment says what it deliberately is not";
            Finding::file(RULE, &file.path, what)
        })
        .collect()
}

fn draws_a_border(text: &str) -> bool {
    let head: String = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    ["deliberately is not", "does not", "deliberately not"].iter().any(|words| head.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_that_draws_a_border_passes() {
        let text = "//! Spools.\n//!\n//! It does not read the\n//! network.\nmod a;\n";
        assert!(check(&Tree::of(&[("spool/src/lib.rs", text)])).is_empty());
    }

    #[test]
    fn crate_without_a_border_is_found() {
        let tree = Tree::of(&[("spool/src/lib.rs", "//! Spools.\n\n/// does not\nmod a;\n")]);
        assert_eq!(check(&tree).len(), 1);
    }
}
