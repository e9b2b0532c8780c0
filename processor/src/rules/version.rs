//! The version as the client says it: the rules behind it mend what some products say.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "version", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let version = case.annotation("Version");
    if version.is_none() {
        draft.note("there is no Version");
    }
    draft.set_text("version", version);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn a_version_is_any_text() {
        for (given, expected) in
            [("1.0", Some("1.0")), ("x", Some("x")), ("1.0 ", Some("1.0")), ("  ", None)]
        {
            let made = processed(&raw(&[("Version", given)]));
            assert_eq!(made.crash.text("version"), expected);
            let noted = made.notes.contains(&"version: there is no Version".to_owned());
            assert_eq!(noted, expected.is_none());
        }
    }
}
