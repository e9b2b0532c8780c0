//! `sql/`: migrations are numbered without gaps, procedures lie one in a file of its name.

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "procedures";
const MIGRATIONS: &str = "sql/migrations";
const PROCEDURES: &str = "sql/procedures";

/// Migrations and procedures that break these rules.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = check_migrations(tree);
    findings.extend(tree.below(PROCEDURES).filter_map(check_procedure));
    findings
}

fn check_migrations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers = Vec::new();
    for file in tree.below(MIGRATIONS) {
        match migration_number(file.name()) {
            Some(number) => numbers.push(number),
            None => findings.push(Finding::file(
                RULE,
                &file.path,
                "a migration is named V<number>__<what_it_does>.sql",
            )),
        }
    }
    numbers.sort_unstable();
    let expected: Vec<u32> = (1..).take(numbers.len()).collect();
    if numbers != expected {
        let what = format!("migrations are numbered {numbers:?}, not 1, 2, 3 …");
        findings.push(Finding::file(RULE, MIGRATIONS, what));
    }
    findings
}

/// The number in `V<number>__<name>.sql`.
fn migration_number(name: &str) -> Option<u32> {
    let (number, rest) = name.strip_prefix('V')?.strip_suffix(".sql")?.split_once("__")?;
    let named = !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    // Without the comparison `V01__` and `V1__` were the same number.
    number.parse().ok().filter(|parsed: &u32| named && parsed.to_string() == number)
}

fn check_procedure(file: &SourceFile) -> Option<Finding> {
    let Some(stem) = file.name().strip_suffix(".sql") else {
        return Some(Finding::file(RULE, &file.path, "a procedure is named <procedure>.sql"));
    };
    let created = created(&file.text);
    if created.len() == 1 && created[0] == stem {
        return None;
    }
    let what = format!("the file creates exactly {stem:?}, but it creates {created:?}");
    Some(Finding::file(RULE, &file.path, what))
}

/// Names of the functions and procedures that a text creates, without schema.
fn created(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .flat_map(|line| [line, " "])
        .collect();
    let words: Vec<&str> = code.split_whitespace().collect();
    words
        .windows(3)
        .filter(|three| {
            let [before, kind, _] = three else { return false };
            let creates =
                ["REPLACE", "CREATE"].iter().any(|word| before.eq_ignore_ascii_case(word));
            creates && ["FUNCTION", "PROCEDURE"].iter().any(|word| kind.eq_ignore_ascii_case(word))
        })
        .map(|three| {
            let name = three[2].split('(').next().unwrap_or_default();
            name.rsplit('.').next().unwrap_or_default().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_migrations_and_single_procedures_pass() {
        let tree = Tree::of(&[
            ("sql/migrations/V1__jobs.sql", ""),
            ("sql/migrations/V2__reports.sql", ""),
            (
                "sql/procedures/take_job.sql",
                "-- Takes.\nCREATE OR REPLACE FUNCTION take_job(a int)\n",
            ),
            ("sql/procedures/sweep.sql", "create or replace procedure auxilio.sweep()"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn gap_double_and_bad_name_of_a_migration_are_found() {
        for names in [
            ["V1__a.sql", "V3__b.sql"],
            ["V1__a.sql", "V1__b.sql"],
            ["V1__a.sql", "V2_b.sql"],
            ["V1__a.sql", "V02__b.sql"],
        ] {
            let paths = names.map(|name| format!("sql/migrations/{name}"));
            let tree = Tree::of(&[(&paths[0], ""), (&paths[1], "")]);
            assert_eq!(check(&tree).len(), 1, "{names:?}");
        }
    }

    #[test]
    fn file_with_two_procedures_or_another_name_is_found() {
        let two = "CREATE FUNCTION a() x; CREATE FUNCTION b() x;";
        let tree = Tree::of(&[
            ("sql/procedures/a.sql", two),
            ("sql/procedures/c.sql", "CREATE OR REPLACE FUNCTION d() x"),
            ("sql/procedures/e.sql", "-- CREATE FUNCTION e()"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }
}
