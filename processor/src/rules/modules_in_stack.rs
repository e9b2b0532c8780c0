//! Modules of the crashing thread as `name/debug id`, each once, in the order of the frames: which
//! builds of which libraries took part.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "modules_in_stack", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let mut ids = BTreeMap::new();
    for module in case.modules() {
        if let Some(name) = module.filename() {
            // Of two modules with one name the first counts.
            ids.entry(name).or_insert_with(|| module.debug_id().unwrap_or_default());
        }
    }
    let mut seen = BTreeSet::new();
    let modules: Vec<String> = case
        .reported_frames(&draft.crash)
        .iter()
        .filter_map(|frame| stack::filled(frame.module.as_deref()))
        .filter(|name| seen.insert(*name))
        .map(|name| format!("{name}/{}", ids.get(name).copied().unwrap_or_default()))
        .collect();
    if !modules.is_empty() {
        draft.set_text("modules_in_stack", Some(&modules.join(";")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn each_module_of_the_stack_is_named_once_with_its_build() {
        let made = processed_dump(&json!({
            "crash_info": {"crashing_thread": 0},
            "threads": [{"frames": [{"module": "b"}, {"module": "a"}, {"module": "b"}, {"module": null}, {"module": "gone"}]}],
            "modules": [{"filename": "a", "debug_id": "1"}, {"filename": "b", "debug_id": "2"}, {"filename": "b", "debug_id": "3"}],
        }));
        assert_eq!(made.crash.text("modules_in_stack"), Some("b/2;a/1;gone/"));
    }
}
