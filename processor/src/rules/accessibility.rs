//! Whether services for people with disabilities were active: clients say it in a word.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "accessibility", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    draft.set("accessibility", Some(case.annotation("Accessibility") == Some("Active")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn one_word_means_yes() {
        for (given, expected) in
            [("Active", true), ("active", false), ("1", false), ("Active  ", true), ("", false)]
        {
            let made = processed(&raw(&[("Accessibility", given)]));
            assert_eq!(made.crash.get("accessibility"), Some(&json!(expected)), "{given}");
        }
        assert_eq!(processed(&raw(&[])).crash.get("accessibility"), Some(&json!(false)));
    }
}
