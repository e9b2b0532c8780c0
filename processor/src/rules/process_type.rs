//! The kind of process: the main one says nothing, or "main".

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "process_type", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let kind = match case.annotation("ProcessType") {
        None | Some("main") => "parent",
        Some(kind) => kind,
    };
    draft.set_text("process_type", Some(kind));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_main_process_is_the_parent() {
        for (given, expected) in [("", "parent"), ("main", "parent"), ("gpu", "gpu")] {
            let made = processed(&raw(&[("ProcessType", given)]));
            assert_eq!(made.crash.text("process_type"), Some(expected));
        }
    }
}
