//! What a utility process was there for: its actors, which the client joins with commas.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "utility_actors_name", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("UtilityActorsName").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let joined = case.annotation("UtilityActorsName").unwrap_or_default();
    let names = joined.split(',').map(str::trim).filter(|name| !name.is_empty());
    draft.set("utility_actors_name", Some(names.collect::<Vec<_>>()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn names_are_taken_apart() {
        for (given, expected) in [
            ("audio-decoder", json!(["audio-decoder"])),
            ("audio-decoder,js-oracle", json!(["audio-decoder", "js-oracle"])),
            (" a , ,b,", json!(["a", "b"])),
            (",", json!([])),
            ("", json!(null)),
        ] {
            let made = processed(&raw(&[("UtilityActorsName", given)]));
            let names = made.crash.get("utility_actors_name").cloned().unwrap_or_default();
            assert_eq!(names, expected, "{given}");
        }
    }
}
