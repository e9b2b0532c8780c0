//! The crash id under both of its names.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "identifiers", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let id = case.raw.crash_id.to_string();
    draft.set("uuid", Some(id.as_str()));
    draft.set("crash_id", Some(id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn both_names_say_the_id_whatever_the_client_says() {
        for annotations in [&[][..], &[("uuid", "x"), ("crash_id", "\0")]] {
            let made = processed(&raw(annotations));
            for name in ["uuid", "crash_id"] {
                assert_eq!(made.crash.text(name), Some("0b794045-87ec-4649-9ce1-73ec00210106"));
            }
        }
    }
}
