//! What the collector decided and noted: counts can only be re-weighted by the rate of the rule.

use serde_json::{Value, json};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "collector_metadata", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let metadata = &case.raw.metadata;
    let notes: Vec<String> =
        metadata.collector_notes.iter().map(|note| note.replace('\0', "")).collect();
    draft.set("collector_notes", Some(notes));
    draft.set_text("throttle_rule", Some(&metadata.throttle_rule));
    draft.set("sample_percent", Some(percent(metadata.sample_percent)));
    Ok(())
}

/// Whole where it is, as the table of fields says; a finer rate is not rounded away.
fn percent(percent: f64) -> Value {
    if percent.fract() == 0.0 && (0.0..=100.0).contains(&percent) {
        // In 0 to 100 and whole: nothing is lost.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100 and whole"
        )]
        return json!(percent as u8);
    }
    json!(percent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn rates_are_whole_where_they_are() {
        let mut crash = raw(&[]);
        for (percent, expected) in [(10.0, json!(10)), (0.5, json!(0.5)), (100.0, json!(100))] {
            crash.metadata.sample_percent = percent;
            assert_eq!(processed(&crash).crash.to_map()["sample_percent"], expected);
        }
    }
}
