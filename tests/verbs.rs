//! The verbs of operators on a running system: post a dump, look at the database, walk a dump.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_tests::roles::Roles;
use serde_json::Value;

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn submit_posts_each_dump_with_its_annotations_and_prints_an_id_a_line() {
    let roles = Roles::start(&[]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let extra = dir.path().join("a.extra");
    std::fs::write(&extra, r#"{"ProductName":"FromJson","Version":"1"}"#).unwrap();
    let dump = roles.dir.path().join("made/segv.dmp");
    let mut command = roles.auxilio();
    command.arg("submit").arg("--extra").arg(&extra).args(["--annotation", "ReleaseChannel=a=b"]);
    let printed = lines(&run(command.arg(&dump).arg(&dump)));
    assert_eq!(printed.len(), 2);
    let ids: Vec<CrashId> =
        printed.iter().map(|line| line.strip_prefix("bp-").unwrap().parse().unwrap()).collect();
    roles.wait_processed(&ids, Duration::from_secs(60));
    for id in ids {
        let report = roles.processed(id).unwrap();
        assert_eq!(report["product"], "FromJson");
        assert_eq!(report["release_channel"], "a=b");
    }
    let refused = roles.auxilio().arg("submit").arg(&dump).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("malformed_no_annotations"), "{said}");
}

#[test]
fn db_says_what_is_applied_and_opens_a_session() {
    let roles = Roles::prepare(&[]).unwrap();
    let applied = lines(&run(roles.auxilio().args(["db", "status"])));
    assert!(
        applied.len() >= 2 && applied.iter().all(|line| !line.contains("not applied")),
        "{applied:?}"
    );
    let again = lines(&run(roles.auxilio().args(["--json", "db", "migrate"])));
    let again: Value = serde_json::from_str(&again[0]).unwrap();
    assert_eq!(again["applied"], serde_json::json!([]));
    let count = run(roles.auxilio().args([
        "db",
        "psql",
        "--",
        "-At",
        "-c",
        "SELECT count(*) FROM reports",
    ]));
    assert_eq!(lines(&count), ["0"]);
    roles.database.client().unwrap().batch_execute("DROP TABLE refinery_schema_history").unwrap();
    let lacking = roles.auxilio().args(["db", "status"]).output().unwrap();
    assert_eq!(lacking.status.code(), Some(1));
}

#[test]
fn stackwalk_prints_the_walk_of_one_dump_without_a_system() {
    let roles = Roles::prepare(&[]).unwrap();
    let dump = roles.dir.path().join("made/segv.dmp");
    let mut command = roles.auxilio();
    let symbols = roles.dir.path().join("symbols");
    let printed = run(command.arg("stackwalk").arg("--symbols").arg(symbols).arg(&dump));
    let walk: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let frame = &walk["crashing_thread"]["frames"][0];
    assert!(frame["function"].as_str().unwrap().contains("crash_segv"), "{frame}");
    let config = roles.config_file();
    let rubbish = roles.auxilio().arg("stackwalk").arg(config).output().unwrap();
    assert_eq!(rubbish.status.code(), Some(1));
    assert!(rubbish.stdout.is_empty());
}

#[test]
fn signature_answers_each_line_by_the_lists_that_it_is_given() {
    let roles = Roles::prepare(&[]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("crashes.jsonl");
    let crash = r#"{"threads":[{"frames":[{"function":"free"},{"function":"demo::f(int)"}]}]}"#;
    let processed = r#"{"json_dump":{"crash_info":{"crashing_thread":1},"threads":[{},{"frames":[{"function":"g"}]}]}}"#;
    std::fs::write(&input, format!("{crash}\n{{bad\n\n[]\n{processed}\n")).unwrap();
    let answers = |arguments: &[&std::ffi::OsStr]| -> Vec<Value> {
        let mut command = roles.auxilio();
        command.arg("signature").args(arguments).stdin(std::fs::File::open(&input).unwrap());
        lines(&run(&mut command)).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let built_in = answers(&[]);
    assert_eq!(built_in.len(), 4);
    assert_eq!(built_in[0]["signature"], "demo::f");
    assert_eq!(built_in[0]["proto_signature"], "free | demo::f");
    assert!(built_in[0]["notes"].is_array() && built_in[0]["steps"].is_null());
    assert!(built_in[1]["error"].is_string() && built_in[2]["error"].is_string());
    assert_eq!(built_in[3]["signature"], "g");
    // A folder without lists matches nothing; Socorro's names of the files are known too.
    let lists = ["--lists".as_ref(), dir.path().as_os_str(), "--explain".as_ref()];
    assert_eq!(answers(&lists[..2])[0]["signature"], "free");
    std::fs::write(dir.path().join("prefix_signature_re.txt"), "# ours\nfree$\n").unwrap();
    let explained = answers(&lists);
    assert_eq!(explained[0]["signature"], "free | demo::f");
    let steps = explained[0]["steps"].to_string();
    assert!(steps.contains("prefix list, line 2: free$"), "{steps}");
    std::fs::write(dir.path().join("prefix.txt"), "(\n").unwrap();
    let refused = roles.auxilio().arg("signature").args(&lists[..2]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("line 1 of the prefix list is no pattern"), "{said}");
}
