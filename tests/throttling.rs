//! Throttling by the real program: SIGHUP, `throttle explain`, and logs without private values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use auxilio_tests::collector::{Collector, TOKEN, TOKEN_HASH};
use auxilio_tests::{binary, crashes, http, wait};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

const CLIENT: &str = "203.0.113.77";

const PATIENCE: Duration = Duration::from_secs(30);

/// A collector with a file of rules.
struct Site {
    dir: TempDir,
    collector: Collector,
}

impl Site {
    fn start(rules: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("auxilio-test-").tempdir().unwrap();
        let file = dir.path().join("rules.toml");
        fs::write(&file, rules).unwrap();
        let more = format!(
            "submitter_tokens = [\"{TOKEN_HASH}\"]\n\
             [collector.throttle]\nrules = \"{}\"\n\
             [collector.quota]\naddress_per_minute = 30\n[log]\nlevel = \"debug\"\n",
            file.display(),
        );
        let collector = Collector::start_with(&dir.path().join("spool"), &more).unwrap();
        Self { dir, collector }
    }

    fn log(&self) -> String {
        self.collector.log_text()
    }

    fn rules(&self) -> PathBuf {
        self.dir.path().join("rules.toml")
    }

    fn hang_up(&self) {
        self.collector.process.signal(Signal::HUP).unwrap();
    }

    /// Posts one field after another; the answer's text.
    fn post(&self, fields: &[(&str, &str)]) -> String {
        let (boundary, body) = crashes::form(fields, None);
        let lines = format!("X-Forwarded-For: {CLIENT}\r\nAuthorization: Bearer not-{TOKEN}\r\n");
        http::submit(self.collector.address, &boundary, &lines, &body).unwrap().text()
    }
}

fn until(what: &str, met: impl Fn() -> bool) {
    wait::until(what, PATIENCE, || met().then_some(()));
}

const DISCARD_DEMO: &str = "[[rule]]\nname = \"no_demo\"\nverdict = \"discard\"\n\
    when = [{ field = \"ProductName\", equals = \"Demo\" }]\n\
    [[rule]]\nname = \"rest\"\nverdict = \"accept\"\n";

#[test]
fn a_hang_up_has_the_rules_read_and_a_bad_file_keeps_the_old_ones() {
    let site = Site::start(DISCARD_DEMO);
    let loaded = || site.log().matches("rules are loaded again").count();
    site.hang_up();
    until("an unchanged file is read", || loaded() == 1);
    fs::write(site.rules(), DISCARD_DEMO.replace("discard", "dscard")).unwrap();
    site.hang_up();
    until("the bad file is refused", || site.log().contains("rules are refused"));
    assert!(site.log().contains("line 3: "), "{}", site.log());
    assert_eq!(site.post(&[("ProductName", "Demo")]), "Discarded=rule_no_demo");
    fs::write(site.rules(), DISCARD_DEMO.replace("no_demo", "gone")).unwrap();
    site.hang_up();
    until("the good file is taken", || {
        site.post(&[("ProductName", "Demo")]) == "Discarded=rule_gone"
    });
}

#[test]
fn without_good_rules_a_collector_does_not_start_and_config_check_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.toml");
    let config = dir.path().join("auxilio.toml");
    let text = format!(
        "[collector]\naddress = \"127.0.0.1:0\"\n[collector.throttle]\nrules = \"{}\"\n\
         [spool]\ndir = \"{}\"\n[disk_store]\ndir = \"{}\"\n",
        rules.display(),
        dir.path().join("spool").display(),
        dir.path().join("store").display(),
    );
    fs::write(&config, text).unwrap();
    let perform = |arguments: &[&str]| {
        let mut command = binary::command().unwrap();
        let output = command.arg("--config").arg(&config).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = perform(&["config", "check"]);
    assert!(code == Some(0) && said.contains("not checked: can't read the rules"), "{said}");
    for (text, what) in [("[[rule]]\nname = 5\n", "line 2: "), ("rule = []\n", "line 1: ")] {
        fs::write(&rules, text).unwrap();
        for arguments in [&["config", "check"][..], &["run", "collector"]] {
            let (code, said) = perform(arguments);
            assert!(code == Some(1) && said.contains(what), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn neither_log_nor_spool_knows_addresses_tokens_or_removed_values() {
    let site = Site::start(DISCARD_DEMO);
    let secret = ("TelemetryClientId", "a-secret-of-the-client");
    assert!(site.post(&[("ProductName", "Other"), secret]).starts_with("CrashID="));
    assert!(site.post(&[("ProductName", "Demo"), secret]).starts_with("Discarded="));
    let uuid = ("uuid", "0b794045-87ec-4649-9ce1-73ec00120824");
    assert_eq!(site.post(&[("ProductName", "Other"), uuid]), "Discarded=unauthorized_uuid");
    for _ in 0..40 {
        site.post(&[("ProductName", "Demo")]);
    }
    assert_eq!(site.post(&[("ProductName", "Demo")]), "Discarded=over_quota");
    // One that breaks off, for what the server itself says at debug.
    TcpStream::connect(site.collector.address)
        .unwrap()
        .write_all(b"POST /submit HTTP/1.1\r\nrub")
        .unwrap();
    let log = site.log();
    assert!(log.contains("over its quota") && log.contains("no_demo"), "{log}");
    let address = site.collector.address;
    site.collector.process.kill().unwrap();
    let mut spooled = Vec::new();
    auxilio_tests::roles::collect_crash_files(&site.dir.path().join("spool"), &mut spooled);
    assert_eq!(spooled.len(), 1, "{spooled:?}");
    let envelope = String::from_utf8_lossy(&fs::read(&spooled[0]).unwrap()).into_owned();
    assert!(envelope.contains("Removed TelemetryClientId from raw crash."), "{envelope}");
    for text in [&log, &envelope] {
        for private in [CLIENT, TOKEN, secret.1] {
            assert!(!text.contains(private), "{private}: {text}");
        }
    }
    let peer = format!("{}:", Ipv4Addr::LOCALHOST);
    let listener = address.to_string();
    for line in log.lines().filter(|line| !line.contains(&listener)) {
        assert!(!line.contains(&peer), "{line}");
    }
}

#[test]
fn explain_names_the_rule_that_decides_and_why_the_others_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("crash.json");
    let crash = json!({"ProductName": "Firefox", "ReleaseChannel": "release", "StartupTime": 1});
    fs::write(&file, crash.to_string()).unwrap();
    let explain = |arguments: &[&str]| {
        let mut command = binary::command().unwrap();
        let command = command.arg("--data").arg(dir.path()).args(["throttle", "explain"]);
        command.arg(&file).args(arguments).output().unwrap()
    };
    let output = explain(&["--rules", "mozilla"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.contains(" no: not so: ")).count(), 14, "{said}");
    for line in [
        "verdict: accept by is_firefox_desktop, 10 %",
        "verdict: discard by is_firefox_desktop, 90 %",
    ] {
        assert!(said.lines().any(|known| known == line), "{said}");
    }
    assert!(said.contains("Comments is there and not empty (it is absent)"), "{said}");

    let output = explain(&["--json", "--rules", "socorro-2012"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["outcomes"][0]["rule"], "is_firefox");
    assert_eq!(said["rules"][3]["matches"], true);
    // The configured rules, without any.
    let said = String::from_utf8(explain(&[]).stdout).unwrap();
    assert!(said.contains("verdict: accept by accept_everything, 100 %"), "{said}");

    let bad = dir.path().join("bad.toml");
    fs::write(&bad, "[[rule]]\nname = \"x\"\nverdict = \"maybe\"\n").unwrap();
    let output = explain(&["--rules", bad.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("bad.toml") && said.contains("line 3: \"maybe\""), "{said}");
}
