//! Throttling by the real program: SIGHUP, `throttle explain`, and logs without private values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use auxilio_tests::binary;
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-the-test";
/// Its SHA-256.
const TOKEN_HASH: &str = "5be83403bcf6a6d14387dbe913dcfe58cd68d448d387441ab001d817cfdece9f";
const CLIENT: &str = "203.0.113.77";

/// A collector as a process of its own; its log goes to a file.
struct Collector {
    process: Child,
    address: SocketAddr,
    dir: tempfile::TempDir,
}

impl Collector {
    fn start(rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        fs::write(dir.path().join("rules.toml"), rules).unwrap();
        let config = format!(
            "[log]\nlevel = \"debug\"\n[collector]\naddress = \"{address}\"\n\
             submitter_tokens = [\"{}\"]\n[collector.throttle]\nrules = \"{}\"\n\
             [collector.quota]\naddress_per_minute = 30\n\
             [spool]\ndir = \"{}\"\nfree_percent_min = 0\nfree_bytes_min = 0\n\
             [disk_store]\ndir = \"{}\"\n",
            TOKEN_HASH,
            dir.path().join("rules.toml").display(),
            dir.path().join("spool").display(),
            dir.path().join("store").display(),
        );
        fs::write(dir.path().join("auxilio.toml"), config).unwrap();
        let process = binary::command()
            .unwrap()
            .arg("--config")
            .arg(dir.path().join("auxilio.toml"))
            .args(["run", "collector"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let collector = Self { process, address, dir };
        collector.wait("it listens", || TcpStream::connect(address).is_ok());
        collector
    }

    fn wait(&self, what: &str, met: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !met() {
            assert!(Instant::now() < deadline, "never: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    fn rules(&self) -> PathBuf {
        self.dir.path().join("rules.toml")
    }

    fn hang_up(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// Posts one field after another; the answer's last line.
    fn post(&self, fields: &[(&str, &str)]) -> String {
        let parts = fields.iter().map(|(name, value)| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        let mut body = parts.collect::<Vec<_>>().concat();
        body += "--B--\r\n";
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST /submit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {CLIENT}\r\n\
             Authorization: Bearer not-{TOKEN}\r\nContent-Type: multipart/form-data; boundary=B\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().last().unwrap().to_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const DISCARD_DEMO: &str = "[[rule]]\nname = \"no_demo\"\nverdict = \"discard\"\n\
    when = [{ field = \"ProductName\", equals = \"Demo\" }]\n\
    [[rule]]\nname = \"rest\"\nverdict = \"accept\"\n";

#[test]
fn a_hang_up_has_the_rules_read_and_a_bad_file_keeps_the_old_ones() {
    let collector = Collector::start(DISCARD_DEMO);
    let loaded = || collector.log().matches("rules are loaded again").count();
    collector.hang_up();
    collector.wait("an unchanged file is read", || loaded() == 1);
    fs::write(collector.rules(), DISCARD_DEMO.replace("discard", "dscard")).unwrap();
    collector.hang_up();
    collector.wait("the bad file is refused", || collector.log().contains("rules are refused"));
    assert!(collector.log().contains("line 3: "), "{}", collector.log());
    assert_eq!(collector.post(&[("ProductName", "Demo")]), "Discarded=rule_no_demo");
    fs::write(collector.rules(), DISCARD_DEMO.replace("no_demo", "gone")).unwrap();
    collector.hang_up();
    collector.wait("the good file is taken", || {
        collector.post(&[("ProductName", "Demo")]) == "Discarded=rule_gone"
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
    let mut collector = Collector::start(DISCARD_DEMO);
    let secret = ("TelemetryClientId", "a-secret-of-the-client");
    assert!(collector.post(&[("ProductName", "Other"), secret]).starts_with("CrashID="));
    assert!(collector.post(&[("ProductName", "Demo"), secret]).starts_with("Discarded="));
    let uuid = ("uuid", "0b794045-87ec-4649-9ce1-73ec00120824");
    assert_eq!(collector.post(&[("ProductName", "Other"), uuid]), "Discarded=unauthorized_uuid");
    for _ in 0..40 {
        collector.post(&[("ProductName", "Demo")]);
    }
    assert_eq!(collector.post(&[("ProductName", "Demo")]), "Discarded=over_quota");
    // One that breaks off, for what the server itself says at debug.
    TcpStream::connect(collector.address)
        .unwrap()
        .write_all(b"POST /submit HTTP/1.1\r\nrub")
        .unwrap();
    let log = collector.log();
    assert!(log.contains("over its quota") && log.contains("no_demo"), "{log}");
    collector.process.kill().unwrap();
    collector.process.wait().unwrap();
    let mut spooled = Vec::new();
    auxilio_tests::roles::collect_crash_files(&collector.dir.path().join("spool"), &mut spooled);
    assert_eq!(spooled.len(), 1, "{spooled:?}");
    let envelope = String::from_utf8_lossy(&fs::read(&spooled[0]).unwrap()).into_owned();
    assert!(envelope.contains("Removed TelemetryClientId from raw crash."), "{envelope}");
    for text in [&collector.log(), &envelope] {
        for private in [CLIENT, TOKEN, secret.1] {
            assert!(!text.contains(private), "{private}: {text}");
        }
    }
    let peer = format!("{}:", Ipv4Addr::LOCALHOST);
    let listener = collector.address.to_string();
    for line in collector.log().lines().filter(|line| !line.contains(&listener)) {
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
