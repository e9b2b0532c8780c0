//! Samples in `config/` are TOML, and every key in them stands in `docs/configuration.md`, and no
//! other does. That a sample is what the program takes, with every key there is, is the binary's
//! own test (`auxilio config check`).

use std::collections::BTreeSet;

use toml::Table;

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "configuration";
const FOLDER: &str = "config";
const SAMPLE: &str = "config/auxilio.sample.toml";
const DOCUMENTED: &str = "docs/configuration.md";

/// Samples that are no TOML, keys without a line in the document, lines without a key.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.below(FOLDER).filter_map(parses).collect();
    let (Some(sample), Some(document)) = (tree.get(SAMPLE), tree.get(DOCUMENTED)) else {
        let what = format!("{SAMPLE} or {DOCUMENTED} is missing");
        findings.push(Finding::file(RULE, FOLDER, what));
        return findings;
    };
    let keys = keys(&sample.text);
    let documented = documented(&document.text);
    for key in keys.difference(&documented) {
        findings.push(Finding::file(RULE, DOCUMENTED, format!("`{key}` is not described")));
    }
    for key in documented.difference(&keys) {
        findings.push(Finding::file(RULE, DOCUMENTED, format!("`{key}` is not in {SAMPLE}")));
    }
    findings
}

fn parses(file: &SourceFile) -> Option<Finding> {
    if file.ending() != "toml" {
        return None;
    }
    let error = file.text.parse::<Table>().err()?;
    Some(Finding::file(RULE, &file.path, error.message().to_owned()))
}

/// `section.key` of each line `key = ...`, also of one that is commented out because it has no
/// default.
fn keys(text: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start_matches('#').trim();
        let header = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        if let Some(name) = header.filter(|name| is_name(name)) {
            section = name;
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| is_name(key)) {
            keys.insert(format!("{section}.{key}"));
        }
    }
    keys
}

/// Keys in the first column of the document's tables.
fn documented(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(key, _)| key))
        .filter(|key| key.contains('.') && is_name(key))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE_TEXT: &str = "[spool]\n# Where it lies.\npath = 'a'\n# fallback = '/b'\n";

    fn findings(document: &str) -> usize {
        check(&Tree::of(&[(SAMPLE, SAMPLE_TEXT), (DOCUMENTED, document)])).len()
    }

    #[test]
    fn described_keys_pass() {
        assert_eq!(findings("| `spool.path` | a |\n| `spool.fallback` | b |\n"), 0);
    }

    #[test]
    fn missing_and_unknown_keys_are_found() {
        assert_eq!(findings("| `spool.path` | a |\n"), 1);
        assert_eq!(findings("| `spool.path` |\n| `spool.fallback` |\n| `spool.age` |\n"), 1);
    }

    #[test]
    fn sample_that_is_no_toml_is_found() {
        let tree = Tree::of(&[("config/other.toml", "a = "), (SAMPLE, ""), (DOCUMENTED, "")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn missing_files_are_found() {
        assert_eq!(check(&Tree::default()).len(), 1);
    }
}
