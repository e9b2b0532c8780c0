//! The first source file of any thread, that which crashed before the others: in 2012 few libraries
//! of a system had symbols, and any file was better than none.

use std::borrow::Cow;

use auxilio_common::DumpName;
use serde::Deserialize;

use super::topmost_filenames::source_file;
use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};

pub(super) const RULE: Rule = Rule { name: "topmost_filenames_2012", applies: with_stack, act };

/// Of the walker's answer, the files of all frames.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    threads: Vec<Thread<'a>>,
}

#[derive(Deserialize)]
struct Thread<'a> {
    #[serde(borrow, default)]
    frames: Option<Vec<Frame<'a>>>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    file: Option<Text<'a>>,
}

/// A text that is copied only where it holds an escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let crashed = case.reported_frames(&draft.crash).iter().find_map(source_file);
    let first = crashed.map(str::to_owned).or_else(|| in_any_thread(case));
    draft.set_text("topmost_filenames", first.as_deref());
    Ok(())
}

fn in_any_thread(case: &Case<'_>) -> Option<String> {
    let answer = case.walks.get(&DumpName::main())?.json_dump.as_ref()?;
    let answer: Answer<'_> = serde_json::from_str(answer.get()).ok()?;
    let frames = answer.threads.into_iter().filter_map(|thread| thread.frames).flatten();
    let mut files = frames.filter_map(|frame| frame.file).filter(|file| !file.0.is_empty());
    files.next().map(|file| file.0.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sample::{processed_2012_dump, processed_dump};

    #[test]
    fn any_thread_has_a_file_where_the_crashed_one_has_none() {
        let threads = |crashed: Value| {
            json!({"crash_info": {"crashing_thread": 1}, "threads": [
                {"frames": [{"file": null}, {"file": ""}, {"file": "first.c"}]},
                {"frames": [crashed]},
                {"frames": null},
                {"frames": [{"file": "third.c"}]},
            ]})
        };
        for (crashed, expected) in [
            (json!({"file": "crashed.c"}), Some("crashed.c")),
            (json!({"file": null}), Some("first.c")),
            (json!({"file": 7}), None),
        ] {
            let made = processed_2012_dump(&threads(crashed));
            assert_eq!(made.crash.text("topmost_filenames"), expected);
        }
        let today = processed_dump(&threads(json!({})));
        assert!(today.crash.get("topmost_filenames").is_none());
    }
}
