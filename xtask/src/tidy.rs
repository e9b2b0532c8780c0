//! The house rules, one file each. `check` runs them all over a workspace's text.
//!
//! A rule is a function from the tree (or cargo's metadata) to findings, and has tests that show it
//! failing. What a rule has to let pass stands in that rule's own list with a reason.

use std::fmt;

use serde_json::Value;

use crate::tree::Tree;

pub mod configuration;
pub mod crates;
pub mod documents;
pub mod head;
pub mod layers;
pub mod length;
pub mod licences;
pub mod literals;
pub mod manifests;
pub mod metadata;
pub mod metrics;
pub mod names;
pub mod procedures;
pub mod spool_paths;
pub mod sql;
pub mod unfinished;

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name: its file in `xtask/src/tidy/`.
    pub rule: &'static str,
    /// The file, from the workspace's root.
    pub path: String,
    /// The line, from 1; 0 stands for the whole file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn file(rule: &'static str, path: &str, what: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line: 0, what: what.into() }
    }

    /// A finding at a line.
    pub fn line(rule: &'static str, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, line, what } = self;
        if *line == 0 {
            write!(f, "{path}: {what} [{rule}]")
        } else {
            write!(f, "{path}:{line}: {what} [{rule}]")
        }
    }
}

/// All findings, in the order of the rules.
pub fn check(tree: &Tree, metadata: &Value) -> Vec<Finding> {
    let rules: [fn(&Tree) -> Vec<Finding>; 12] = [
        head::check,
        length::check,
        names::check,
        crates::check,
        manifests::check,
        sql::check,
        spool_paths::check,
        procedures::check,
        unfinished::check,
        metrics::check,
        configuration::check,
        documents::check,
    ];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(tree)).collect();
    findings.extend(layers::check(metadata));
    findings.extend(licences::check(tree, metadata));
    findings
}
