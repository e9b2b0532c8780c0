//! SQL text lives in `database/` and `sql/`, nowhere else (DESIGN, invariant 8).

use crate::tidy::Finding;
use crate::tidy::literals::{Literal, literals};
use crate::tree::{SourceFile, Tree};

const RULE: &str = "sql";

/// Folders that may hold SQL, and why.
const ALLOWED: [(&str, &str); 5] = [
    ("database", "the one crate that speaks SQL"),
    ("sql", "its text"),
    ("testkit", "makes throw-away databases and looks into them from outside"),
    ("xtask", "this rule's own words"),
    ("tests", "looks into the database from outside, to see what the system left there"),
];

/// A statement's first word and the words of which one follows (none: any word).
const STATEMENTS: [(&str, &[&str]); 14] = [
    ("SELECT", &[]),
    ("INSERT", &["INTO"]),
    ("DELETE", &["FROM"]),
    ("UPDATE", &[]),
    ("CREATE", OBJECTS),
    ("ALTER", OBJECTS),
    ("DROP", OBJECTS),
    ("WITH", &[]),
    ("CALL", &[]),
    ("TRUNCATE", &[]),
    ("GRANT", &[]),
    ("REVOKE", &[]),
    ("LISTEN", &[]),
    ("NOTIFY", &[]),
];

const OBJECTS: &[&str] = &[
    "TABLE",
    "INDEX",
    "UNIQUE",
    "ROLE",
    "USER",
    "DATABASE",
    "SCHEMA",
    "FUNCTION",
    "PROCEDURE",
    "OR",
    "VIEW",
    "MATERIALIZED",
    "TYPE",
    "EXTENSION",
    "SEQUENCE",
    "TEMPORARY",
    "SYSTEM",
    "DEFAULT",
];

/// String literals outside the allowed folders that open as SQL statements do.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| !may_hold_sql(file)).flat_map(check_file).collect()
}

fn may_hold_sql(file: &SourceFile) -> bool {
    file.is_test() || ALLOWED.iter().any(|(folder, _)| *folder == file.folder())
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    match literals(&file.text) {
        Ok(found) => found
            .into_iter()
            .filter(is_sql)
            .map(|literal| {
                let opening: String = literal.text.trim().chars().take(40).collect();
                let what = format!("SQL outside database/ and sql/: {opening:?}");
                Finding::line(RULE, &file.path, literal.line, what)
            })
            .collect(),
        Err(error) => vec![Finding::file(RULE, &file.path, error)],
    }
}

/// Upper case is how we write SQL; lower case counts where the sentence is clearly a statement.
fn is_sql(literal: &Literal) -> bool {
    let mut words = literal.text.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
    let lower = literal.text.to_lowercase();
    let plainly_sql = (lower.starts_with("select ") && lower.contains(" from "))
        || lower.starts_with("insert into ")
        || lower.starts_with("delete from ")
        || (lower.starts_with("update ") && lower.contains(" set "));
    let upper = STATEMENTS
        .iter()
        .any(|(verb, objects)| *verb == first && (objects.is_empty() || objects.contains(&second)));
    plainly_sql || upper
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, literal: &str) -> usize {
        let text = format!("//! A.\nconst A: &str = {literal:?};\n");
        check(&Tree::of(&[(path, &text)])).len()
    }

    #[test]
    fn statements_outside_their_home_are_found() {
        for text in [
            "SELECT 1",
            "  INSERT INTO jobs VALUES (1)",
            "select uuid from reports",
            "UPDATE jobs SET owner = NULL",
            "DROP TABLE jobs",
            "WITH a AS (SELECT 1) SELECT 2",
            "CALL f()",
        ] {
            assert_eq!(findings("monitor/src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn statements_at_home_and_in_tests_pass() {
        for path in
            ["database/src/a.rs", "testkit/src/a.rs", "tests/tests/a.rs", "spool/tests/a.rs"]
        {
            assert_eq!(findings(path, "SELECT 1"), 0, "{path}");
        }
    }

    #[test]
    fn plain_sentences_pass() {
        for text in ["select a store", "update the lists", "CREATE", "with a note", "DROP it"] {
            assert_eq!(findings("monitor/src/a.rs", text), 0, "{text}");
        }
    }
}
