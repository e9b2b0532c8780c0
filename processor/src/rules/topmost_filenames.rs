//! The first source file of the crashing thread, that of an inlined function included.

use auxilio_signature::Frame;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "topmost_filenames", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let first = case.reported_frames(&draft.crash).iter().find_map(source_file);
    draft.set_text("topmost_filenames", first);
    Ok(())
}

/// The source file of a frame, that of the innermost inlined function first.
pub(super) fn source_file(frame: &Frame) -> Option<&str> {
    let inlined = frame.inlines.iter().flatten().map(|inline| &inline.file);
    inlined.chain([&frame.file]).find_map(|file| stack::filled(file.as_deref()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn inlined_functions_come_first() {
        let made = processed_dump(&json!({
            "crash_info": {"crashing_thread": 0},
            "threads": [{"frames": [
                {"module": "a", "inlines": null},
                {"file": "outer.c", "inlines": [{"function": "f"}, {"file": "inner.c"}]},
            ]}],
        }));
        assert_eq!(made.crash.text("topmost_filenames"), Some("inner.c"));
    }
}
