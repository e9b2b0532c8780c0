//! The number before a version's first dot, 0 where there is none: to search by.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "major_version", applies: always, act };

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let version = draft.crash.text("version").unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    // Digits alone: no sign, so that "-1" is no version.
    let digits = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
    let major = if digits { major.parse::<i64>().unwrap_or(0) } else { 0 };
    draft.set("major_version", Some(major));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_number_before_the_first_dot_counts() {
        for (version, expected) in [
            ("86.0a1", 86),
            ("100", 100),
            ("x.1", 0),
            ("-1.0", 0),
            ("", 0),
            ("99999999999999999999.0", 0),
        ] {
            let made = processed(&raw(&[("Version", version)]));
            assert_eq!(made.crash.integer("major_version"), Some(expected), "{version}");
        }
    }
}
