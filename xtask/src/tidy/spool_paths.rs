//! How paths in the spool are made is known in `spool/` alone (DESIGN, invariant 8).

use crate::tidy::Finding;
use crate::tidy::literals::literals;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "spool_paths";

/// Folders that may name parts of the spool's paths, and why.
const ALLOWED: [(&str, &str); 5] = [
    ("spool", "the one crate that lays the spool out"),
    ("disk_store", "lays its own store out, of the same envelopes under the same ending"),
    ("tests", "looks into a spool from outside, to count what a kill left there"),
    ("testkit", "looks into a spool from outside, to count what a kill left there"),
    ("xtask", "this rule's own words"),
];

/// Folders of the spool below its root.
const FOLDERS: [&str; 3] = ["standard", "deferred", "quarantine"];

/// Literals outside `spool/` that look like a part of a path in it.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| !may_name_paths(file)).flat_map(check_file).collect()
}

fn may_name_paths(file: &SourceFile) -> bool {
    file.is_test() || ALLOWED.iter().any(|(folder, _)| *folder == file.folder())
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    // The rule `sql` reports a file that is no Rust.
    let found = literals(&file.text).unwrap_or_default();
    found
        .into_iter()
        .filter(|literal| is_spool_path(&literal.text))
        .map(|literal| {
            let what = format!("a path of the spool outside spool/: {:?}", literal.text);
            Finding::line(RULE, &file.path, literal.line, what)
        })
        .collect()
}

fn is_spool_path(text: &str) -> bool {
    // A sentence may name them; a path has no blanks.
    if text.contains(char::is_whitespace) {
        return false;
    }
    let folder = FOLDERS.iter().any(|folder| {
        text.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            || text.contains(&format!("/{folder}"))
    });
    let file = text.rsplit_once('.').is_some_and(|(_, ending)| ending == "crash");
    folder || file || text == "quarantine"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, literal: &str) -> usize {
        let text = format!("//! A.\nconst A: &str = {literal:?};\n");
        check(&Tree::of(&[(path, &text)])).len()
    }

    #[test]
    fn parts_of_paths_outside_the_spool_are_found() {
        for text in ["{id}.crash", "quarantine", "standard/{minute}", "spool/deferred"] {
            assert_eq!(findings("crashmover/src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn words_and_sentences_pass() {
        for text in ["standard", "deferred", "moved to quarantine", "crash", "quarantined"] {
            assert_eq!(findings("crashmover/src/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn the_spool_itself_passes() {
        assert_eq!(findings("spool/src/layout.rs", "quarantine"), 0);
    }
}
