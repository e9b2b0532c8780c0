//! Where in the program the report was sent from. Older clients only say whether it was the bar that
//! asks after a crash.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "submitted_from", applies, act };

/// The name of that bar.
const INFOBAR: &str = "Infobar";

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    ["SubmittedFrom", "SubmittedFromInfobar"].iter().any(|name| case.annotation(name).is_some())
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = case.annotation("SubmittedFrom");
    let older = matches!(case.annotation("SubmittedFromInfobar"), Some("1" | "true"));
    let from = told.or(older.then_some(INFOBAR));
    draft.set_text("submitted_from", from);
    draft.set("submitted_from_infobar", Some(from == Some(INFOBAR)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn the_newer_word_wins() {
        for (from, infobar, expected, expected_infobar) in [
            ("Auto", "", Some("Auto"), json!(false)),
            ("Infobar", "", Some("Infobar"), json!(true)),
            ("Client", "1", Some("Client"), json!(false)),
            ("", "1", Some("Infobar"), json!(true)),
            ("", "true", Some("Infobar"), json!(true)),
            ("", "0", None, json!(false)),
            ("", "maybe", None, json!(false)),
            ("", "", None, json!(null)),
        ] {
            let made =
                processed(&raw(&[("SubmittedFrom", from), ("SubmittedFromInfobar", infobar)]));
            assert_eq!(made.crash.text("submitted_from"), expected, "{from} {infobar}");
            let bar = made.crash.get("submitted_from_infobar").cloned().unwrap_or_default();
            assert_eq!(bar, expected_infobar, "{from} {infobar}");
        }
    }
}
