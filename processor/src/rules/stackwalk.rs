//! The stack walker's answers: the main minidump's at the top, each other's under its own name.
//!
//! A crash without a minidump is an ordinary crash: nothing is said of walking then.

use auxilio_common::{DumpName, ProcessedCrash};
use serde_json::{Map, Value};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};
use crate::walked_dump::{STATUS_OK, WalkedDump};

pub(super) const RULE: Rule = Rule { name: "stackwalk", applies, act };

fn applies(_: &Case<'_>, draft: &Draft) -> bool {
    !draft.walks.is_empty()
}

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let mut others = Vec::new();
    for (name, walk) in std::mem::take(&mut draft.walks) {
        if walk.status != STATUS_OK {
            draft.note(format!("{name}: no stack: {}", walk.status));
        }
        if walk.symbols_failed {
            draft.note(format!("{name}: symbols that may exist could not be had"));
        }
        if walk.truncated {
            draft.note(format!("{name}: a stack, the threads or the modules were cut"));
        }
        if name == DumpName::main() {
            fill(&mut draft.crash, walk);
        } else {
            let mut part = ProcessedCrash::default();
            fill(&mut part, walk);
            draft.set(name.as_str(), Some(part.0));
            others.push(name.to_string());
        }
    }
    draft.set("additional_minidumps", Some(others));
    Ok(())
}

fn fill(crash: &mut ProcessedCrash, mut walk: WalkedDump) {
    if let Some(json_dump) = &mut walk.json_dump {
        order(json_dump);
    }
    crash.set("mdsw_status_string", Some(walk.status));
    crash.set("mdsw_return_code", walk.return_code);
    crash.set("mdsw_stderr", walk.stderr);
    crash.set("stackwalk_version", walk.walker_version);
    crash.set("truncated", Some(walk.truncated));
    crash.set("json_dump", walk.json_dump);
}

/// The reader of dumps keeps the process's limits in a hash table and writes them in its order, which
/// differs from run to run; the same crash must give the same bytes.
fn order(json_dump: &mut Map<String, Value>) {
    let limits = json_dump.get_mut("proc_limits").and_then(|limits| limits.get_mut("limits"));
    if let Some(Value::Array(limits)) = limits {
        let name = |limit: &Value| limit.get("name").and_then(Value::as_str).map(str::to_owned);
        limits.sort_by_cached_key(name);
    }
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
            (DumpName::main(), walk(json!({"status": "OK", "pid": 7}))),
            (other, WalkedDump::without_stack("EmptyMinidump")),
        ]);
        let made = processed_with(&raw(&[]), walks);
        assert_eq!(made.crash.0["json_dump"]["pid"], 7);
        assert_eq!(made.crash.text("mdsw_status_string"), Some("OK"));
        assert_eq!(made.crash.0["additional_minidumps"], json!(["upload_file_minidump_browser"]));
        assert_eq!(
            made.crash.0["upload_file_minidump_browser"]["mdsw_status_string"],
            "EmptyMinidump"
        );
        assert_eq!(made.quality, Quality::Clean);
        assert_eq!(made.crash.0["success"], true);
    }

    #[test]
    fn the_order_of_a_hash_table_is_not_kept() {
        let limits = json!({"limits": [{"name": "b"}, {"name": "a"}, {}]});
        let walks = BTreeMap::from([(DumpName::main(), walk(json!({"proc_limits": limits})))]);
        let made = processed_with(&raw(&[]), walks);
        let sorted = json!([{}, {"name": "a"}, {"name": "b"}]);
        assert_eq!(made.crash.0["json_dump"]["proc_limits"]["limits"], sorted);
    }

    #[test]
    fn a_dump_without_a_stack_makes_the_run_poor_and_says_why() {
        let walks =
            BTreeMap::from([(DumpName::main(), WalkedDump::without_stack("MissingThreadList"))]);
        let made = processed_with(&raw(&[]), walks);
        assert_eq!(made.quality, Quality::NoStack);
        assert_eq!(made.crash.0["success"], false);
        assert_eq!(
            made.crash.text("signature"),
            Some("EMPTY: no frame data available; MissingThreadList")
        );
    }

    #[test]
    fn a_crash_without_a_dump_is_an_ordinary_crash() {
        let made = processed_with(&raw(&[]), BTreeMap::new());
        assert_eq!(made.quality, Quality::Clean);
        assert_eq!(made.crash.0["success"], true);
        assert_eq!(made.crash.text("signature"), Some("EMPTY: no frame data available"));
        assert!(made.crash.get("mdsw_status_string").is_none());
    }
}
