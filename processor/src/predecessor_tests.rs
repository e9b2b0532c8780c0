//! Faults that were found in the processor of the system before us, each with what holds that this one
//! has none of them. Those that concern one rule stand with that rule:
//!
//! - a rule that tests a field which is never there: `rules/fenix_version.rs`;
//! - versions compared as texts: `rules/os_pretty_version.rs`;
//! - a report about a watchdog in some of its fields and not in others: `rules/crashing_thread.rs`;
//! - a memory report that is inflated whole before its size is looked at: `rules/memory_report.rs`;
//! - a long stack whose mark says one frame too few: the tests of `stackwalk/`;
//! - a version that depends on whether another service answers: `rules/beta_version.rs`.
//!
//! Those that concern a job's end stand in `processor/tests/jobs/`: an outage of the store or of
//! Postgres ends no job, a worse run leaves the better report, who waits is served first, and a
//! processor that stops says good-bye.

use auxilio_common::Quality;
use serde_json::json;

use crate::process::{Context, apply};
use crate::rule::{Rule, RuleError, always};
use crate::rule_file;
use crate::sample::{processed, processed_case, processed_with, raw};
use crate::walked_dump::{WalkedDump, Walks};

#[test]
fn a_run_in_which_every_rule_failed_is_no_success() {
    const FAILING: Rule = Rule {
        name: "failing",
        applies: always,
        act: |_, _| Err(RuleError::Shape { path: "x", expected: "y" }),
    };
    let made = apply(&[FAILING], &raw(&[]), Walks::new().into(), Context::default(), None);
    assert_eq!(made.crash.get("success"), Some(&json!(false)));
    assert_eq!(made.quality, Quality::Partial);
}

#[test]
fn an_annotation_of_another_shape_costs_no_other_its_field() {
    for (name, value) in [
        ("TelemetryEnvironment", "7"),
        ("TelemetryEnvironment", r#"{"system": 7}"#),
        ("JavaException", r#"[{"exception": 1}]"#),
        ("ModuleSignatureInfo", r#"{"a": 1}"#),
        ("ReleaseChannel", "7"),
        ("ReleaseChannel", r#"{"a": 1}"#),
        ("StartupCrash", "{}"),
        ("OOMAllocationSize", "[1]"),
    ] {
        let made = processed(&raw(&[
            (name, value),
            ("URL", "https://example.org/"),
            ("Vendor", "Demo"),
            ("Version", "1.0"),
            ("UptimeTS", "1.5"),
        ]));
        assert!(made.failed_rules.is_empty(), "{name} {value}");
        for (field, expected) in
            [("url", "https://example.org/"), ("vendor", "Demo"), ("version", "1.0")]
        {
            assert_eq!(made.crash.text(field), Some(expected), "{name} {value}");
        }
        assert_eq!(made.crash.get("uptime_ts"), Some(&json!(1.5)), "{name} {value}");
    }
}

#[test]
fn an_annotation_whose_name_holds_a_zero_is_kept() {
    let made = processed(&raw(&[("Ven\0dor", "Demo"), ("ProductName", "D\0emo")]));
    assert_eq!(made.crash.text("vendor"), Some("Demo"));
    assert_eq!(made.crash.text("product"), Some("Demo"));
}

#[test]
fn nothing_of_a_run_before_is_in_a_report() {
    let crash = raw(&[]);
    let good = processed_case(&crash, &json!({"crash_info": {"type": "SIGSEGV"}, "pid": 7}));
    assert!(good.crash.structure("json_dump").is_some());
    let empty = WalkedDump::without_stack("EmptyMinidump");
    let made = processed_with(&crash, Walks::from([(auxilio_common::DumpName::main(), empty)]));
    assert_eq!(made.quality, Quality::NoStack);
    assert!(made.crash.structure("json_dump").is_none() && made.crash.get("reason").is_none());
}

#[test]
fn rules_that_are_not_there_are_refused_before_any_crash() {
    assert!(rule_file::load("regenerate_everything").is_err());
}
