//! Nightly builds of Fenix once said their date in place of a version, each day another one: all of
//! them are one version, so that they can be asked for together.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "fenix_version", applies, act };

/// The version of a build that has none yet.
const NIGHTLY: &str = "0.0a1";

fn applies(_: &Case<'_>, draft: &Draft) -> bool {
    // By the field that every crash has: a rule that asks for another one never runs.
    draft.crash.text("product") == Some("Fenix")
        && draft.crash.text("version").is_some_and(|version| version.starts_with("Nightly "))
}

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    draft.note(format!("the version was a date and became {NIGHTLY}"));
    draft.set("version", Some(NIGHTLY));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn a_date_of_fenix_is_a_nightly() {
        for (product, version, expected) in [
            ("Fenix", "Nightly 200312 12:34", Some("0.0a1")),
            ("Fenix", "Nightly ", Some("Nightly")),
            ("Fenix", "Nightly", Some("Nightly")),
            ("Fenix", "85.0", Some("85.0")),
            ("Focus", "Nightly 200312 12:34", Some("Nightly 200312 12:34")),
            ("", "Nightly 200312 12:34", Some("Nightly 200312 12:34")),
            ("Fenix", "", None),
        ] {
            let made = processed(&raw(&[("ProductName", product), ("Version", version)]));
            assert_eq!(made.crash.text("version"), expected, "{product} {version}");
            let major = made.crash.integer("major_version");
            assert_eq!(major, Some(if expected == Some("85.0") { 85 } else { 0 }));
        }
    }
}
