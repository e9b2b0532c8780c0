//! Samples in `config/` are TOML; the sample names every key that a section's struct has; and every
//! key in it stands in `docs/configuration.md`, and no other does. That the program takes a sample
//! as it is, is the binary's own test (`auxilio config check`).

use std::collections::BTreeSet;

use syn::{Item, ItemStruct};
use toml::Table;

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "configuration";
const FOLDER: &str = "config";
const SAMPLE: &str = "config/auxilio.sample.toml";
const DOCUMENTED: &str = "docs/configuration.md";

/// Structs that are sections, where they are not `Config` in the `config.rs` of the section's crate.
const SECTIONS: [(&str, &str, &str); 4] = [
    ("service/src/log.rs", "Config", "log"),
    ("auxilio/src/config.rs", "Service", "service"),
    ("auxilio/src/store.rs", "Store", "store"),
    ("thrift/src/config.rs", "Config", "hbase"),
];

/// Samples that are no TOML, keys without a line in the sample or the document, lines without a key.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.below(FOLDER).filter_map(parses).collect();
    let (Some(sample), Some(document)) = (tree.get(SAMPLE), tree.get(DOCUMENTED)) else {
        let what = format!("{SAMPLE} or {DOCUMENTED} is missing");
        findings.push(Finding::file(RULE, FOLDER, what));
        return findings;
    };
    let keys = keys(&sample.text);
    let documented = documented(&document.text);
    for (path, key) in declared(tree) {
        let nested = format!("{key}.");
        if !keys.iter().any(|known| *known == key || known.starts_with(&nested)) {
            findings.push(Finding::file(RULE, path, format!("`{key}` is not in {SAMPLE}")));
        }
    }
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

/// `section.key` of each field of each section's struct, with the file that has it.
fn declared(tree: &Tree) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let special = SECTIONS.iter().find(|(path, ..)| *path == file.path);
        let (name, section) = match (special, file.path.split_once('/')) {
            (Some((_, name, section)), _) => (*name, *section),
            (None, Some((folder, "src/config.rs"))) if folder != "service" => ("Config", folder),
            _ => continue,
        };
        // The rule `sql` reports a file that is no Rust.
        let Ok(parsed) = syn::parse_file(&file.text) else { continue };
        let keys = parsed.items.iter().filter_map(|item| match item {
            Item::Struct(item) if item.ident == name => Some(fields(item)),
            _ => None,
        });
        found.extend(keys.flatten().map(|key| (file.path.as_str(), format!("{section}.{key}"))));
    }
    found
}

fn fields(item: &ItemStruct) -> Vec<String> {
    item.fields.iter().filter_map(|field| field.ident.as_ref()).map(ToString::to_string).collect()
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
    fn field_that_the_sample_lacks_is_found() {
        let code = "pub struct Config { pub path: A, pub age_secs: u64 }\nstruct Other { a: u8 }";
        let log = "pub struct Config { pub level: String }";
        let tree = Tree::of(&[
            (SAMPLE, SAMPLE_TEXT),
            (DOCUMENTED, "| `spool.path` | a |\n| `spool.fallback` | b |\n"),
            ("spool/src/config.rs", code),
            ("service/src/log.rs", log),
        ]);
        let findings: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        let lacks = |key| format!("`{key}` is not in {SAMPLE}");
        assert_eq!(findings, [lacks("spool.age_secs"), lacks("log.level")]);
    }

    #[test]
    fn missing_files_are_found() {
        assert_eq!(check(&Tree::default()).len(), 1);
    }
}
