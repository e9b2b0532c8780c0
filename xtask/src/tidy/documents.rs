//! Documents stay short and true: sizes, numbered decisions, and every path that one names exists.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "documents";
const DECISIONS: &str = "docs/adr";

/// Documents that are to be read in one go, and their lines.
const LINES_MAX: [(&str, usize); 3] =
    [("ARCHITECTURE.md", 250), ("CONTRIBUTING.md", 120), ("README.md", 150)];

/// Endings of files that a document may name by their path.
const NAMED: [&str; 7] = [".rs", ".sql", ".toml", ".md", ".png", ".html", ".sh"];

/// Documents that are missing or too long, paths that do not exist, gaps between decisions.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = check_sizes(tree);
    findings.extend(check_decisions(tree));
    let folders: BTreeSet<&str> = tree.files().iter().map(SourceFile::folder).collect();
    for file in tree.files().iter().filter(|file| file.ending() == "md") {
        findings.extend(check_paths(tree, &folders, file));
    }
    findings
}

fn check_sizes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, max) in LINES_MAX {
        let lines = tree.get(path).map(|file| file.text.lines().count());
        match lines {
            None => findings.push(Finding::file(RULE, path, "the file is missing")),
            Some(lines) if lines > max => {
                findings.push(Finding::file(RULE, path, format!("{lines} lines, at most {max}")));
            }
            Some(_) => {}
        }
    }
    findings
}

fn check_decisions(tree: &Tree) -> Option<Finding> {
    let numbers: Vec<&str> =
        tree.below(DECISIONS).filter_map(|file| file.name().get(..4)).collect();
    let expected: Vec<String> = (1..=numbers.len()).map(|number| format!("{number:04}")).collect();
    (numbers != expected).then(|| {
        Finding::file(RULE, DECISIONS, format!("decisions are numbered {numbers:?}, not 0001 on"))
    })
}

fn check_paths(tree: &Tree, folders: &BTreeSet<&str>, file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (index, line) in file.text.lines().enumerate() {
        let links = between(line, "](", ")").into_iter().filter(|link| is_relative(link));
        let linked = links.map(|link| resolve(folder, link));
        let quoted = between(line, "`", "`").into_iter().filter(|text| is_path(folders, text));
        for path in linked.chain(quoted.map(str::to_owned)) {
            if !exists(tree, &path) {
                let what = format!("{path:?} does not exist");
                findings.push(Finding::line(RULE, &file.path, index + 1, what));
            }
        }
    }
    findings
}

/// A file, or a folder with something in it.
fn exists(tree: &Tree, path: &str) -> bool {
    tree.get(path).is_some() || tree.below(path.trim_end_matches('/')).next().is_some()
}

/// The texts between an opening and the closing that follows it.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(open) {
        let Some((inner, after)) = after.split_once(close) else { break };
        found.push(inner);
        rest = after;
    }
    found
}

fn is_relative(link: &str) -> bool {
    !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:")
}

/// A file of ours by its path: plain letters, and a first folder that exists.
fn is_path(folders: &BTreeSet<&str>, text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    NAMED.iter().any(|ending| text.ends_with(ending))
        && text.chars().all(plain)
        && text.split_once('/').is_some_and(|(first, _)| folders.contains(first))
}

/// A link's path from the root, without its anchor.
fn resolve(folder: &str, link: &str) -> String {
    let link = link.split('#').next().unwrap_or_default();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(readme: &str) -> Tree {
        Tree::of(&[
            ("ARCHITECTURE.md", ""),
            ("CONTRIBUTING.md", ""),
            ("README.md", readme),
            ("docs/adr/0001-one.md", "[up](../../README.md)"),
            ("spool/src/lib.rs", ""),
        ])
    }

    #[test]
    fn paths_that_exist_pass() {
        let text =
            "[a](docs/adr/0001-one.md#b) [c](https://d) [e](#f) `spool/src/lib.rs` [g](docs)";
        assert_eq!(check(&tree(text)), []);
        assert_eq!(check(&tree("`/etc/a.toml` `a.rs` `spool/<id>.rs`")), []);
    }

    #[test]
    fn paths_that_do_not_exist_are_found() {
        assert_eq!(check(&tree("[a](docs/b.md)")).len(), 1);
        assert_eq!(check(&tree("see `spool/src/gone.rs`")).len(), 1);
    }

    #[test]
    fn long_and_missing_documents_are_found() {
        assert_eq!(check(&tree(&"a\n".repeat(151))).len(), 1);
        assert_eq!(check(&Tree::default()).len(), 3);
    }

    #[test]
    fn gap_between_decisions_is_found() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", ""),
            ("CONTRIBUTING.md", ""),
            ("README.md", ""),
            ("docs/adr/0002-two.md", ""),
        ]);
        assert_eq!(check(&tree).len(), 1);
    }
}
