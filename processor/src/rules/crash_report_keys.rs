//! Names of all that came: so that a reader sees what a client sends, values or not.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "crash_report_keys", applies: always, act };

/// Characters that a name may have: real ones have 40.
const NAME_CHARS_MAX: usize = 100;

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let annotations = case.annotations.keys().map(String::as_str);
    let dumps = case.raw.dumps.iter().map(|dump| dump.name.as_str());
    let (good, bad): (BTreeSet<_>, BTreeSet<_>) =
        annotations.chain(dumps).partition(|name| is_good(name));
    if !bad.is_empty() {
        draft.note(format!("{} names hold odd characters or are too long", bad.len()));
    }
    draft.set("crash_report_keys", Some(good.into_iter().collect::<Vec<_>>()));
    Ok(())
}

fn is_good(name: &str) -> bool {
    let of_names = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(of_names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{dump, processed, raw};

    #[test]
    fn names_are_sorted_and_odd_ones_counted() {
        let mut crash =
            raw(&[("b", ""), ("Add-ons", "x"), ("odd name", "x"), (&"x".repeat(101), "x")]);
        crash.dumps.push(dump("upload_file_minidump"));
        let made = processed(&crash);
        assert_eq!(
            made.crash.to_map()["crash_report_keys"],
            json!(["Add-ons", "b", "upload_file_minidump"])
        );
        assert!(made.notes.contains(
            &"crash_report_keys: 2 names hold odd characters or are too long".to_owned()
        ));
    }
}
