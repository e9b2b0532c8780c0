//! The first source file of the crashing thread, that of an inlined function included.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "topmost_filenames", applies: with_stack, act };

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let first =
        stack::crashing_frames(&draft.crash).iter().find_map(source_file).map(str::to_owned);
    draft.set_text("topmost_filenames", first.as_deref());
    Ok(())
}

fn source_file(frame: &Value) -> Option<&str> {
    let inlined = stack::items(frame, "inlines").iter();
    inlined.chain([frame]).find_map(|function| stack::text(function, "file"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn inlined_functions_come_first() {
        let made = processed_dump(json!({
            "crash_info": {"crashing_thread": 0},
            "threads": [{"frames": [
                {"module": "a", "inlines": null},
                {"file": "outer.c", "inlines": [{"function": "f"}, {"file": "inner.c"}]},
            ]}],
        }));
        assert_eq!(made.crash.text("topmost_filenames"), Some("inner.c"));
    }
}
