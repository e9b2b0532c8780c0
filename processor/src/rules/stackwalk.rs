//! The stack walker's answers: the main minidump's at the top, each other's under its own name.
//!
//! A crash without a minidump is an ordinary crash: nothing is said of walking then.

use auxilio_common::{DumpName, JsonText, ProcessedCrash};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};
use crate::walked_dump::{STATUS_OK, WalkedDump};

pub(super) const RULE: Rule = Rule { name: "stackwalk", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    !case.walks.is_empty()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let mut others = Vec::new();
    for (name, walk) in case.walks {
        note(name, walk, draft);
        if *name == DumpName::main() {
            fill(&mut draft.crash, walk);
            continue;
        }
        let mut part = ProcessedCrash::default();
        fill(&mut part, walk);
        if let Some(json_dump) = &walk.json_dump {
            part.set_structure("json_dump", json_dump.clone());
        }
        if let Ok(part) = JsonText::of(&part) {
            draft.crash.set_structure(name.as_str(), part);
        }
        others.push(name.to_string());
    }
    draft.set("additional_minidumps", Some(others));
    let odd = case.stack.as_ref().and_then(|stack| stack.odd.first());
    odd.map_or(Ok(()), |path| Err(RuleError::Shape { path, expected: "part of the agreed shape" }))
}

fn note(name: &DumpName, walk: &WalkedDump, draft: &mut Draft) {
    if walk.status != STATUS_OK {
        draft.note(format!("{name}: no stack: {}", walk.status));
    }
    if walk.symbols_failed {
        draft.note(format!("{name}: symbols that may exist could not be had"));
    }
    if walk.truncated {
        draft.note(format!("{name}: a part of the dump is missing or was cut"));
    }
}

/// The fields of a walk. The main one's stack itself is moved into the crash when all rules have
/// read it.
fn fill(crash: &mut ProcessedCrash, walk: &WalkedDump) {
    crash.set("mdsw_status_string", Some(walk.status.as_str()));
    crash.set("mdsw_return_code", walk.return_code);
    crash.set("mdsw_stderr", walk.stderr.as_deref());
    crash.set("stackwalk_version", walk.walker_version.as_deref());
    crash.set("truncated", Some(walk.truncated));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use auxilio_common::{DumpName, Quality};
    use serde_json::json;

    use crate::sample::{processed_with, raw, walk};
    use crate::walked_dump::WalkedDump;

    #[test]
    fn each_dump_has_its_place() {
        let other = DumpName::from_part("upload_file_minidump_browser").unwrap();
        let walks = BTreeMap::from([
            (DumpName::main(), walk(&json!({"status": "OK", "pid": 7}))),
            (other, WalkedDump::without_stack("EmptyMinidump")),
        ]);
        let made = processed_with(&raw(&[]), walks);
        assert_eq!(made.crash.to_map()["json_dump"]["pid"], 7);
        assert_eq!(made.crash.text("mdsw_status_string"), Some("OK"));
        assert_eq!(
            made.crash.to_map()["additional_minidumps"],
            json!(["upload_file_minidump_browser"])
        );
        assert_eq!(
            made.crash.to_map()["upload_file_minidump_browser"]["mdsw_status_string"],
            "EmptyMinidump"
        );
        assert_eq!(made.quality, Quality::Clean);
        assert_eq!(made.crash.to_map()["success"], true);
    }

    #[test]
    fn an_answer_of_another_shape_fails_this_rule_alone() {
        let walks = BTreeMap::from([(DumpName::main(), walk(&json!({"pid": 7, "modules": "x"})))]);
        let made = processed_with(&raw(&[]), walks);
        assert_eq!(made.failed_rules, ["stackwalk"]);
        assert_eq!(made.crash.to_map()["json_dump"]["pid"], 7);
        assert_eq!(made.crash.text("mdsw_status_string"), Some("OK"));
    }

    #[test]
    fn a_dump_without_a_stack_makes_the_run_poor_and_says_why() {
        let walks =
            BTreeMap::from([(DumpName::main(), WalkedDump::without_stack("MissingThreadList"))]);
        let made = processed_with(&raw(&[]), walks);
        assert_eq!(made.quality, Quality::NoStack);
        assert_eq!(made.crash.to_map()["success"], false);
        assert_eq!(
            made.crash.text("signature"),
            Some("EMPTY: no frame data available; MissingThreadList")
        );
    }

    #[test]
    fn a_crash_without_a_dump_is_an_ordinary_crash() {
        let made = processed_with(&raw(&[]), BTreeMap::new());
        assert_eq!(made.quality, Quality::Clean);
        assert_eq!(made.crash.to_map()["success"], true);
        assert_eq!(made.crash.text("signature"), Some("EMPTY: no frame data available"));
        assert!(made.crash.get("mdsw_status_string").is_none());
    }
}
