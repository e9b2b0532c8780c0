//! How likely one flipped bit explains the crash, in percent: such crashes are the machine's.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "bit_flips", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let flips = case.stack.as_ref().and_then(|stack| stack.crash_info.get("possible_bit_flips"));
    let most = flips
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|flip| flip.get("confidence").and_then(Value::as_f64))
        .fold(None, |most: Option<f64>, next| Some(most.map_or(next, |most| most.max(next))));
    draft.set("possible_bit_flips_max_confidence", most.map(percent));
    Ok(())
}

fn percent(share: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 0 to 100")]
    let percent = (share * 100.0).clamp(0.0, 100.0) as i64;
    percent
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_most_likely_flip_counts() {
        for (flips, expected) in [
            (json!([{"confidence": 0.25}, {"confidence": 0.5}, {}]), Some(50)),
            (json!([]), None),
            (json!(null), None),
        ] {
            let made = processed_dump(&json!({"crash_info": {"possible_bit_flips": flips}}));
            assert_eq!(made.crash.integer("possible_bit_flips_max_confidence"), expected);
        }
    }
}
