//! Nothing is left for later in the text: no notes to self, no stubs, no switched-off tests.

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "unfinished";

/// Words and what to do instead. Written in halves, so that this file passes its own rule.
const MARKS: [(&str, &str); 6] = [
    (concat!("TO", "DO"), "do it, or file an issue"),
    (concat!("FIX", "ME"), "fix it, or file an issue"),
    (concat!("XX", "X:"), "say what is wrong, in a sentence"),
    (concat!("todo", "!("), "a stub: build it or leave it out"),
    (concat!("unimplemented", "!("), "a stub: build it or leave it out"),
    (concat!("#[ign", "ore"), "a test that does not run proves nothing"),
];

/// Kinds of files that are looked at.
const ENDINGS: [&str; 7] = ["rs", "sql", "toml", "md", "html", "css", "sh"];

/// Lines that carry such a mark.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().filter(|file| is_ours(file)).flat_map(check_file).collect()
}

fn is_ours(file: &SourceFile) -> bool {
    ENDINGS.contains(&file.ending()) || matches!(file.folder(), "bin" | ".ci")
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for (mark, instead) in MARKS {
            if contains_word(line, mark) {
                let what = format!("{mark:?}: {instead}");
                findings.push(Finding::line(RULE, &file.path, index + 1, what));
            }
        }
    }
    findings
}

/// Whether the mark stands there by itself and not within a longer word.
fn contains_word(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + mark.len()..].chars().next();
        let ends_in_letter = mark.ends_with(char::is_alphanumeric);
        let longer = before.is_some_and(char::is_alphanumeric)
            || (ends_in_letter && after.is_some_and(char::is_alphanumeric));
        !longer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_is_found() {
        for (mark, _) in MARKS {
            let text = format!("//! A.\nfn f() {{}} // {mark} later\n");
            let findings = check(&Tree::of(&[("a/src/b.rs", &text)]));
            assert_eq!(findings.len(), 1, "{mark}");
            assert_eq!(findings[0].line, 2);
        }
    }

    #[test]
    fn longer_words_and_plain_text_pass() {
        let text = concat!("//! MASTO", "DON and what is to do.\n");
        assert!(check(&Tree::of(&[("a/src/b.rs", text)])).is_empty());
    }

    #[test]
    fn scripts_are_looked_at() {
        let text = concat!("#!/bin/bash\n# TO", "DO\n");
        assert_eq!(check(&Tree::of(&[("bin/run", text)])).len(), 1);
    }
}
