//! Every metric that a role can show stands in `docs/metrics.md`, and no other does.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::literals::literals;
use crate::tree::Tree;

const RULE: &str = "metrics";
const DECLARED: &str = "service/src/metrics.rs";
const DOCUMENTED: &str = "docs/metrics.md";
const PREFIX: &str = "auxilio_";

/// Metrics without a line in the document, lines without a metric, and names of a wrong shape.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(source) = tree.get(DECLARED) else {
        return vec![Finding::file(RULE, DECLARED, "the table of metrics is missing")];
    };
    let Some(document) = tree.get(DOCUMENTED) else {
        return vec![Finding::file(RULE, DOCUMENTED, "the file is missing")];
    };
    let declared: BTreeSet<String> = literals(&source.text)
        .unwrap_or_default()
        .into_iter()
        .map(|literal| literal.text)
        .filter(|text| is_metric(text))
        .collect();
    let documented = documented(&document.text);
    if declared.is_empty() {
        return vec![Finding::file(RULE, DECLARED, "no metric is declared there")];
    }
    let missing = declared
        .difference(&documented)
        .map(|name| Finding::file(RULE, DOCUMENTED, format!("`{name}` is not described")));
    let unknown = documented.difference(&declared).map(|name| {
        Finding::file(RULE, DOCUMENTED, format!("`{name}` is no metric that a role shows"))
    });
    missing.chain(unknown).collect()
}

/// `auxilio_<role>_<noun>_<unit or total>`: at least four words.
fn is_metric(text: &str) -> bool {
    text.starts_with(PREFIX)
        && text.split('_').count() >= 3
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// Names in the first column of the document's tables.
fn documented(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .filter(|name| is_metric(name))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "//! A.\ndeclare! { A: Counter \"auxilio_spool_files_total\" [] \"Files.\"; }";

    #[test]
    fn described_metric_passes() {
        let document = "| `auxilio_spool_files_total` | counter |\n";
        let tree = Tree::of(&[(DECLARED, SOURCE), (DOCUMENTED, document)]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn missing_and_unknown_metrics_are_found() {
        let document = "| `auxilio_spool_bytes_total` | counter |\n";
        let tree = Tree::of(&[(DECLARED, SOURCE), (DOCUMENTED, document)]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn missing_files_and_an_empty_table_are_found() {
        assert_eq!(check(&Tree::default()).len(), 1);
        assert_eq!(check(&Tree::of(&[(DECLARED, SOURCE)])).len(), 1);
        assert_eq!(check(&Tree::of(&[(DECLARED, "//! A."), (DOCUMENTED, "")])).len(), 1);
    }
}
