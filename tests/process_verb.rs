//! `auxilio process`: one real crash from its files to its processed crash, with nothing else there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use auxilio_testkit::published;
use auxilio_tests::binary;
use auxilio_tests::crashes::Crashes;
use serde_json::Value;
use tempfile::TempDir;

struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("symbols")).unwrap();
        let crashes = Crashes::make(dir.path(), &dir.path().join("symbols")).unwrap();
        std::fs::write(dir.path().join("main.dmp"), &crashes.segv).unwrap();
        let extra = r#"{"ProductName":"Demo","Version":"10.0","ReleaseChannel":"esr","StartupCrash":"odd","URL":"https://secret.example/"}"#;
        std::fs::write(dir.path().join("crash.extra"), extra).unwrap();
        Self { dir }
    }

    fn process(&self, arguments: &[&str]) -> Output {
        let mut command: Command = binary::command().unwrap();
        command.current_dir(self.dir.path()).arg("process").args(arguments);
        command.output().unwrap()
    }

    fn crash(&self, arguments: &[&str]) -> Value {
        let output = self.process(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let crash = serde_json::from_slice(&output.stdout).unwrap();
        published::assert_processed(&crash);
        crash
    }
}

#[test]
fn a_dump_and_its_annotations_become_a_processed_crash() {
    let files = Files::new();
    let all = [
        "main.dmp",
        "--extra",
        "crash.extra",
        "--symbols",
        "symbols",
        "--annotation",
        "Vendor=Us",
        "--file",
        "upload_file_minidump_browser=main.dmp",
    ];
    let crash = files.crash(&all);
    assert_eq!(crash["version"], "10.0esr");
    assert_eq!(crash["vendor"], "Us");
    assert!(crash["signature"].as_str().unwrap().contains("auxilio_crashme::crash"), "{crash}");
    assert_eq!(crash["additional_minidumps"][0], "upload_file_minidump_browser");
    assert_eq!(crash["upload_file_minidump_browser"]["json_dump"]["status"], "OK");
    assert_eq!(crash["url"], "https://secret.example/");
    assert_eq!(crash["uuid"], files.crash(&all)["uuid"], "the same files have the same id");
}

#[test]
fn what_each_rule_did_is_told_and_why() {
    let files = Files::new();
    let all = ["main.dmp", "--extra", "crash.extra", "--symbols", "symbols", "--explain"];
    let text = String::from_utf8(files.process(&all).stdout).unwrap();
    for said in [
        "esr_version: done",
        "Adds esr to versions of that channel.",
        "version = \"10.0esr\"",
        "note: copies: StartupCrash is no truth value and was left out",
        "site: nothing to do",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
    let lines = String::from_utf8(files.process(&[&all[..], &["--json"]].concat()).stdout).unwrap();
    let steps: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let step = |rule: &str| steps.iter().find(|step| step["rule"] == rule).unwrap();
    assert_eq!(step("esr_version")["fields"]["version"], "10.0esr");
    assert_eq!(step("esr_version")["ended"], "done");
    assert_eq!(step("site")["ended"], "not_for_this");
    assert!(steps.iter().all(|step| step["story"].as_str().unwrap().ends_with('.')));
}

#[test]
fn a_site_s_rules_are_tried_before_they_are_put_to_work() {
    let files = Files::new();
    let rules = "[[rule]]\nname = \"owners\"\nwhen = [{ field = \"product\", equals = \"Demo\" }]\n\
        set = { field = \"site_owner\", value = \"the demo team\" }\n";
    std::fs::write(files.dir.path().join("rules.toml"), rules).unwrap();
    let crash = files.crash(&["--extra", "crash.extra", "--rules", "rules.toml"]);
    assert_eq!(crash["site_owner"], "the demo team");
    std::fs::write(files.dir.path().join("rules.toml"), rules.replace("equals", "like")).unwrap();
    let output = files.process(&["--extra", "crash.extra", "--rules", "rules.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("rules.toml") && said.contains("line 3"), "{said}");
}

#[test]
fn rubbish_gives_a_report_that_says_so_and_a_missing_file_an_error_that_names_it() {
    let files = Files::new();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(Path::join(files.dir.path(), name), bytes).unwrap();
    };
    write("empty.dmp", b"");
    write("rubbish.dmp", b"no dump at all");
    for (dump, status) in [("empty.dmp", "EmptyMinidump"), ("rubbish.dmp", "MissingHeader")] {
        let crash = files.crash(&[dump]);
        assert_eq!(crash["mdsw_status_string"], status);
        assert_eq!(crash["success"], false);
    }
    write("list.json", b"[1]");
    for (arguments, named) in [
        (&["missing.dmp"][..], "missing.dmp"),
        (&["--extra", "missing.extra"], "missing.extra"),
        (&["--extra", "list.json"], "list.json"),
        (&["--extra", "rubbish.dmp"], "rubbish.dmp"),
        (&["--rules", "unheard-of"], "unheard-of"),
        (&["main.dmp", "--file", "upload_file_minidump=empty.dmp"], "upload_file_minidump"),
    ] {
        let output = files.process(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(named) && said.lines().count() == 1, "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}
