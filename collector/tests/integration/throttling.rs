//! Verdicts, quotas and private values over real sockets.

use std::time::{Duration, Instant};

use auxilio_common::Throttle;
use auxilio_spool::Lane;

use crate::client::{Answer, exchange, form, request};
use crate::server::{Server, TOKEN};

const RULES: &str = r#"
[[rule]]
name = "unwanted"
when = [{ field = "ProductName", equals = "Unwanted" }, { field = "Comments", present = false }]
verdict = "discard"

[[rule]]
name = "later"
when = [{ field = "ProductName", equals = "Later" }]
verdict = "defer"

[[rule]]
name = "fooled"
when = [{ field = "ProductName", equals = "Fooled" }]
verdict = "fake_accept"

[[rule]]
name = "sampled"
when = [{ field = "ProductName", equals = "Sampled" }]
percent = 50
verdict = "accept"
otherwise = "discard"

[[rule]]
name = "rest"
verdict = "accept"
"#;

fn server(rules: &str) -> (Server, tempfile::NamedTempFile) {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), rules).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (Server::start_with(|config| config.throttle.rules = path, |_| {}), file)
}

fn post(server: &Server, lines: &str, fields: &[(&str, &str)]) -> Answer {
    let mut parts: Vec<(String, &[u8])> =
        vec![("name=\"upload_file_minidump\"; filename=\"x.dmp\"".to_owned(), b"MDMP of a test")];
    let fields = fields.iter().map(|(name, text)| (format!("name=\"{name}\""), text.as_bytes()));
    parts.extend(fields);
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(head, text)| (head.as_str(), *text)).collect();
    exchange(server.address, &[&request(lines, &form(&parts))])
}

fn product(server: &Server, name: &str) -> Answer {
    post(server, "", &[("ProductName", name)])
}

/// Crashes below the spool, finished or not.
fn files(server: &Server) -> usize {
    fn below(dir: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| match path.extension() {
                _ if path.ends_with("counts") => 0,
                _ if path.is_dir() => below(&path),
                Some(ending) if ending == "crash" => 1,
                _ => usize::from(
                    path.components().any(|part| part.as_os_str() == "tmp")
                        && std::fs::metadata(&path).is_ok_and(|file| file.len() > 0),
                ),
            })
            .sum()
    }
    below(server.spool_dir.path())
}

#[test]
fn each_verdict_has_its_answer_its_lane_and_its_digit() {
    let (server, _file) = server(RULES);
    let before = files(&server);
    let discarded = product(&server, "Unwanted");
    assert_eq!((discarded.status, discarded.body.as_str()), (200, "Discarded=rule_unwanted"));
    let fooled = product(&server, "Fooled").crash_id();
    assert_eq!(fooled.digit(), 3);
    assert_eq!(files(&server), before, "neither left anything");

    let deferred = product(&server, "Later").crash_id();
    let accepted = product(&server, "Other").crash_id();
    let found = server.spooled();
    assert_eq!(found.len(), 2);
    for (lane, crash, _) in found {
        let (expected_lane, id, throttle, rule, digit) = if crash.crash_id == deferred {
            (Lane::Deferred, deferred, Throttle::Defer, "later", 1)
        } else {
            (Lane::Standard, accepted, Throttle::Accept, "rest", 0)
        };
        assert_eq!((lane, crash.crash_id, id.digit()), (expected_lane, id, digit));
        assert_eq!((crash.metadata.throttle, &*crash.metadata.throttle_rule), (throttle, rule));
    }
}

#[test]
fn a_product_that_is_not_in_the_list_is_discarded_by_the_lists_own_rule() {
    let rules = "products = [\"Demo\"]\n[[rule]]\nname = \"rest\"\nverdict = \"accept\"\n";
    let (server, _file) = server(rules);
    let unsupported = "Discarded=rule_unsupported_product";
    for fields in [&[("ProductName", "demo")], &[("prod", "Other")], &[("Version", "1.0")]] {
        assert_eq!(post(&server, "", fields).body, unsupported, "{fields:?}");
    }
    assert_eq!(files(&server), 0);
    for name in ["ProductName", "product", "prod"] {
        let (crash, _) = server.crash(post(&server, "", &[(name, "Demo")]).crash_id());
        assert_eq!(crash.metadata.throttle_rule, "rest");
    }
}

#[test]
fn a_kept_crash_of_a_sample_carries_its_rate() {
    let (server, _file) = server(RULES);
    let kept = (0..40).filter(|_| product(&server, "Sampled").body.starts_with("CrashID")).count();
    // All of 40 on one side has a chance of 2 in 10^12.
    assert!((1..40).contains(&kept), "{kept}");
    let found = server.spooled();
    assert_eq!(found.len(), kept);
    assert!(found.iter().all(|(_, crash, _)| (crash.metadata.sample_percent - 50.0).abs() < 1e-9));
}

#[test]
fn a_part_behind_the_dump_can_still_change_the_verdict() {
    let (server, _file) = server(RULES);
    post(&server, "", &[("ProductName", "Unwanted"), ("Comments", "it hurts")]).crash_id();
    post(&server, "", &[("ProductName", "Unwanted"), ("ProductName", "Other")]).crash_id();
}

#[test]
fn a_trusted_submitter_is_not_throttled_and_answered_alike_twice() {
    let (server, _file) = server(RULES);
    let id = "0b794045-87ec-4649-9ce1-73ec00120824";
    let lines = format!("Authorization: Bearer {TOKEN}\r\n");
    for _ in 0..2 {
        let answer = post(&server, &lines, &[("ProductName", "Unwanted"), ("uuid", id)]);
        assert_eq!(answer.body, format!("CrashID=bp-{id}\n"));
    }
    // Without an id of its own it is a client like others.
    assert_eq!(
        post(&server, &lines, &[("ProductName", "Unwanted")]).body,
        "Discarded=rule_unwanted"
    );
}

#[test]
fn a_changed_file_is_read_again_and_a_bad_one_is_not_taken() {
    let (server, file) = server(RULES);
    let answers = |name: &str, expected: &str| {
        let deadline = Instant::now() + Duration::from_secs(30);
        while product(&server, name).body != expected {
            assert!(Instant::now() < deadline, "never {expected}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let metric = |name: &str| -> f64 {
        let page = exchange(server.address, &[b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"]).body;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        line.unwrap_or(0.0)
    };
    std::fs::write(file.path(), RULES.replace("\"Unwanted\"", "\"Changed\"")).unwrap();
    answers("Changed", "Discarded=rule_unwanted");
    product(&server, "Unwanted").crash_id();

    // Metrics are those of the process, and other tests run collectors in it: only growth is sure.
    let refused = "auxilio_collector_rules_loaded_total{outcome=\"refused\"}";
    let before = metric(refused);
    std::fs::write(file.path(), "[[rule]]\nname = \"half\"\nverd").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while metric(refused) <= before {
        assert!(Instant::now() < deadline, "the bad file was not looked at");
        std::thread::sleep(Duration::from_millis(50));
    }
    answers("Changed", "Discarded=rule_unwanted");
    // Another editor's way: a new file under the old name.
    let fresh = file.path().with_extension("new");
    std::fs::write(&fresh, RULES).unwrap();
    std::fs::rename(&fresh, file.path()).unwrap();
    answers("Unwanted", "Discarded=rule_unwanted");
}

#[test]
fn removed_fields_are_gone_with_a_note() {
    let server = Server::start_with(|config| config.removed_fields.push("Email".into()), |_| {});
    let fields = [
        ("ProductName", "Demo"),
        ("Email", "secret@example.com"),
        ("TelemetryClientId", "secret-client"),
        ("TelemetryEnvironment", "{}"),
    ];
    let (crash, _) = server.crash(post(&server, "", &fields).crash_id());
    let kept: Vec<_> = crash.annotations.keys().cloned().collect();
    assert_eq!(kept, ["ProductName", "TelemetryEnvironment"]);
    let notes = crash.metadata.collector_notes.join("\n");
    assert!(notes.contains("Removed Email from raw crash."), "{notes}");
    assert!(notes.contains("Removed TelemetryClientId from raw crash."), "{notes}");
    assert!(!notes.contains("secret"), "{notes}");
}

#[test]
fn an_address_over_its_quota_is_told_when_to_come_back() {
    let start = |trusted: &str| {
        let trusted = vec![trusted.parse().unwrap()];
        Server::start_with(
            |config| {
                config.quota.address_per_minute = 2;
                config.trusted_proxies = trusted;
            },
            |_| {},
        )
    };
    let from = |server: &Server, address: &str, more: &str| {
        let lines = format!("X-Forwarded-For: {address}\r\n{more}");
        post(server, &lines, &[("ProductName", "Demo")])
    };
    // Behind a trusted proxy each client has its own.
    let server = start("127.0.0.0/8");
    for address in ["203.0.113.1", "203.0.113.2"] {
        from(&server, address, "").crash_id();
        from(&server, address, "").crash_id();
        let answer = from(&server, address, "");
        assert_eq!((answer.status, answer.body.as_str()), (429, "Discarded=over_quota"));
        let wait = answer.head.to_ascii_lowercase();
        let wait = wait.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
        assert!((1..=30).contains(&wait.parse().unwrap()), "{wait}");
    }
    let submitter = format!("Authorization: Bearer {TOKEN}\r\n");
    from(&server, "203.0.113.1", &submitter).crash_id();
    for (_, crash, _) in server.spooled() {
        let text = serde_json::to_string(&crash).unwrap();
        assert!(!text.contains("203.0.113") && !text.contains("127.0.0.1"), "{text}");
        assert!(!text.contains(TOKEN), "{text}");
    }
    // Of a stranger nobody believes whom it speaks for.
    let server = start("10.0.0.0/8");
    from(&server, "203.0.113.1", "").crash_id();
    from(&server, "203.0.113.2", "").crash_id();
    assert_eq!(from(&server, "203.0.113.3", "").status, 429);
}

#[test]
fn a_product_over_its_quota_leaves_others_theirs() {
    let server = Server::start_with(
        |config| {
            config.quota.product_per_minute = 1;
            config.quota.products = vec!["Big = 3".into()];
        },
        |_| {},
    );
    for (name, quota) in [("Small", 1), ("Other", 1), ("Big", 3)] {
        let taken = (0..5).filter(|_| product(&server, name).status == 200).count();
        assert_eq!(taken, quota, "{name}");
        assert_eq!(product(&server, name).body, "Discarded=over_quota");
    }
    assert_eq!(server.spooled().len(), 5);
}
