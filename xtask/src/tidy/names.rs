//! No file or folder is named after nothing: what is in it decides its name.

use crate::tidy::Finding;
use crate::tree::Tree;

const RULE: &str = "names";

/// Names under which anything could lie.
const BANNED: [&str; 10] = [
    "util",
    "utils",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "types",
    "common_types",
    "stuff",
];

/// Rust files and folders with such names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter_map(|file| {
            let banned = file
                .path
                .split('/')
                .map(|part| part.strip_suffix(".rs").unwrap_or(part))
                .find(|part| BANNED.contains(part))?;
            let what = format!("{banned:?} says nothing: name the file after its one noun");
            Some(Finding::file(RULE, &file.path, what))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_of_the_field_pass() {
        assert!(check(&Tree::of(&[("spool/src/envelope.rs", "")])).is_empty());
    }

    #[test]
    fn empty_names_are_found() {
        let tree = Tree::of(&[("spool/src/utils.rs", ""), ("spool/src/helpers/a.rs", "")]);
        assert_eq!(check(&tree).len(), 2);
    }
}
