//! Receipts and counts: where a crash is at every step of its way, and that all are accounted for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::{collector, crashes, http, user, wait};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(120);

/// What no receipt may hold.
const SECRET: &str = "a-private-value-of-the-test";

const RULES: &str = r#"
[[rule]]
name = "later"
when = [{ field = "Fate", equals = "later" }]
verdict = "defer"
[[rule]]
name = "unwanted"
when = [{ field = "Fate", equals = "unwanted" }]
verdict = "discard"
[[rule]]
name = "rest"
verdict = "accept"
"#;

fn fields(fate: &str) -> Vec<(&str, &str)> {
    let private = ["URL", "Email", "Comments", "SomethingUnknown"].map(|name| (name, SECRET));
    [("ProductName", "Demo"), ("Fate", fate)].into_iter().chain(private).collect()
}

fn post(roles: &Roles, fate: &str) -> CrashId {
    crashes::post(roles.address("collector"), &fields(fate), Some(&roles.crashes.segv)).unwrap()
}

/// The status of a receipt's answer and the receipt, in which nothing private may stand.
fn receipt(roles: &Roles, crash_id: CrashId) -> (u16, Value) {
    let path = format!("/api/Receipt/?crash_id={crash_id}");
    let answer = http::get(roles.address("middleware"), &path).unwrap();
    let text = answer.text();
    let folder = roles.dir.path().to_str().unwrap();
    for private in [SECRET, folder, "127.0.0.1", "ProductName", "Demo"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    (answer.status, answer.json().unwrap())
}

fn wait_state(roles: &Roles, crash_id: CrashId, state: &str) -> Value {
    wait::until(state, PATIENCE, || {
        let (status, told) = receipt(roles, crash_id);
        (status == 200 && told["state"] == state).then_some(told)
    })
}

/// What `auxilio doctor` says, a finding an object, and whether all is fine.
fn doctor(roles: &Roles) -> (bool, Vec<Value>) {
    let mut command = roles.auxilio();
    command.args(["doctor", "--json"]);
    user::run_as(&mut command).unwrap();
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let findings = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), findings)
}

fn says(findings: &[Value], check: &str) -> String {
    let finding = findings.iter().find(|finding| finding["check"] == check);
    finding.unwrap()["says"].as_str().unwrap().to_owned()
}

#[test]
fn a_receipt_shows_each_step_and_nothing_private() {
    let mut roles = Roles::prepare(&[]).unwrap();
    let set = roles.dir.path().join("rules.toml");
    std::fs::write(&set, RULES).unwrap();
    let config = std::fs::read_to_string(roles.config_file()).unwrap();
    let section = format!("[collector.throttle]\nrules = \"{}\"\n", set.display());
    std::fs::write(roles.config_file(), config + &section).unwrap();
    for role in ["collector", "middleware"] {
        roles.start_role(role).unwrap();
    }
    let (accepted, deferred) = (post(&roles, "soon"), post(&roles, "later"));
    let (boundary, body) = crashes::form(&fields("unwanted"), None);
    let answer = http::submit(roles.address("collector"), &boundary, "", &body).unwrap();
    assert_eq!(answer.text(), "Discarded=rule_unwanted");

    // Nobody can look into the spool.
    let (status, told) = receipt(&roles, accepted);
    assert_eq!(status, 503, "{told}");
    assert!(told["error"].as_str().unwrap().contains("a crashmover does not answer"), "{told}");

    // The store takes nothing and says nothing: the crashes wait.
    let store = roles.dir.path().join("store");
    let allow = |mode| {
        std::fs::set_permissions(&store, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    wait::until("a store", PATIENCE, || store.is_dir().then_some(()));
    allow(0o000);
    roles.start_role("crashmover").unwrap();
    let told = wait_state(&roles, accepted, "spooled");
    assert_eq!(told["spooled"][0]["lane"], "standard");
    assert_eq!(told["spooled"][0]["spool"], "primary");
    assert_eq!(told["receipt"]["throttle"], "accept");
    let length = roles.crashes.segv.len();
    assert_eq!(told["receipt"]["dump_bytes"], length);
    assert!(told["receipt"]["payload_size"].as_u64().unwrap() > length as u64);
    let told = wait_state(&roles, deferred, "spooled");
    assert_eq!(told["spooled"][0]["lane"], "deferred");
    assert_eq!(told["receipt"]["throttle_rule"], "later");

    // Never acknowledged, well formed. The store is away, so nobody can be sure.
    let unknown: CrashId = "0b794045-87ec-4649-9ce1-73ec00120824".parse().unwrap();
    let (status, told) = receipt(&roles, unknown);
    assert_eq!(status, 503, "{told}");
    allow(0o755);
    wait_state(&roles, accepted, "stored");
    wait_state(&roles, deferred, "deferred");
    // The store has a crash a moment before its mover lets go of it.
    wait::until("a crash that was carried", PATIENCE, || {
        let (_, told) = receipt(&roles, deferred);
        (told["carried"][0]["outcome"] == "stored").then_some(())
    });
    let (status, told) = receipt(&roles, unknown);
    assert_eq!(status, 404);
    assert!(told["error"].as_str().unwrap().contains(&unknown.to_string()), "{told}");

    roles.start_role("monitor").unwrap();
    let told = wait_state(&roles, accepted, "queued");
    assert_eq!(told["job"]["lane"], "standard");
    roles.start_role("processor").unwrap();
    wait_state(&roles, accepted, "processed");
    let told = wait::until("the job's end", PATIENCE, || {
        let (_, told) = receipt(&roles, accepted);
        (told["last_job"]["outcome"] == "processed").then_some(told)
    });
    assert_eq!(told["processed"]["generation"], told["last_job"]["generation"]);
    assert_eq!(told["not_asked"], serde_json::json!([]));

    let output = roles.auxilio().args(["receipt", &format!("bp-{accepted}")]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("{accepted}  processed\n")), "{text}");
    assert!(text.contains("received") && !text.contains(SECRET), "{text}");
    let output = roles.auxilio().args(["receipt", &unknown.to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));

    // Without Postgres the rest is told all the same.
    roles.database.server.stop().unwrap();
    let told = wait_state(&roles, deferred, "deferred");
    assert_eq!(told["not_asked"], serde_json::json!(["queue: Postgres"]));

    let (is_fine, findings) = doctor(&roles);
    assert!(is_fine, "{findings:?}");
    let sum = says(&findings, "submissions");
    assert!(sum.contains("1 accepted + 1 deferred + 1 discarded"), "{sum}");
}

#[test]
fn a_damaged_crash_is_shown_in_quarantine_and_a_lost_one_is_named() {
    let mut roles = Roles::prepare(&[]).unwrap();
    for role in ["collector", "middleware"] {
        roles.start_role(role).unwrap();
    }
    let (damaged, lost) = (post(&roles, "soon"), post(&roles, "soon"));
    let file = |id: CrashId| {
        let spooled = roles.spooled();
        spooled.into_iter().find(|path| path.display().to_string().contains(&id.to_string()))
    };
    let path = file(damaged).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    // An accident that no part of the system would do.
    std::fs::remove_file(file(lost).unwrap()).unwrap();
    roles.start_role("crashmover").unwrap();
    let told = wait_state(&roles, damaged, "quarantined");
    assert_eq!(told["quarantined"][0]["quarantined"], "damaged");
    assert_eq!(receipt(&roles, lost).0, 404);
    let (is_fine, findings) = doctor(&roles);
    assert!(!is_fine);
    let said = says(&findings, "kept crashes");
    assert!(said.starts_with("1 crashes are missing: 2 were kept"), "{said}");
}

#[test]
fn a_supplied_id_that_came_twice_is_stored_once_and_its_receipt_says_so() {
    let setting = ("AUXILIO_COLLECTOR__SUBMITTER_TOKENS", collector::TOKEN_HASH);
    let mut roles = Roles::prepare(&[setting]).unwrap();
    for role in ["collector", "middleware"] {
        roles.start_role(role).unwrap();
    }
    let crash_id: CrashId = "0b794045-87ec-4649-9ce1-73ec00120824".parse().unwrap();
    let text = crash_id.to_string();
    let submit = |roles: &Roles, fate: &str| {
        let fields: Vec<_> = [("uuid", text.as_str())].into_iter().chain(fields(fate)).collect();
        let (boundary, body) = crashes::form(&fields, Some(&roles.crashes.segv));
        let lines = format!("Authorization: Bearer {}\r\n", collector::TOKEN);
        let answer = http::submit(roles.address("collector"), &boundary, &lines, &body).unwrap();
        assert_eq!(answer.text(), format!("CrashID=bp-{text}\n"));
    };
    submit(&roles, "soon");
    submit(&roles, "soon");
    roles.start_role("crashmover").unwrap();
    let outcomes = |told: &Value| -> Vec<String> {
        let carried = told["carried"].as_array().unwrap();
        let mut outcomes: Vec<_> =
            carried.iter().map(|it| it["outcome"].as_str().unwrap().to_owned()).collect();
        outcomes.sort();
        outcomes
    };
    let told = wait::until("both carried", PATIENCE, || {
        let (_, told) = receipt(&roles, crash_id);
        (outcomes(&told).len() == 2).then_some(told)
    });
    assert_eq!(outcomes(&told), ["duplicate", "stored"]);
    assert_eq!((&told["state"], &told["stored"]), (&"stored".into(), &true.into()), "{told}");
    assert_eq!(told["receipt"]["id_supplied"], true);

    // Other content under the same id is no duplicate.
    submit(&roles, "later");
    let told = wait::until("one in quarantine", PATIENCE, || {
        let (_, told) = receipt(&roles, crash_id);
        (outcomes(&told).len() == 3).then_some(told)
    });
    assert_eq!(outcomes(&told), ["duplicate", "quarantined", "stored"]);
    assert_eq!(told["quarantined"][0]["quarantined"], "id_taken");
    let (is_fine, findings) = doctor(&roles);
    assert!(is_fine, "{findings:?}");
    let sum = "0 in_spool + 1 stored + 1 duplicate_in_store + 1 quarantined";
    assert_eq!(says(&findings, "kept crashes"), format!("3 accepted and deferred = {sum}"));
}

#[test]
fn crashes_that_waited_before_anybody_counted_add_up_all_the_same() {
    let mut roles = Roles::prepare(&[]).unwrap();
    roles.start_role("collector").unwrap();
    let before = [post(&roles, "soon"), post(&roles, "soon")];
    roles.take("collector").unwrap().kill().unwrap();
    // As an earlier version has left it.
    std::fs::remove_dir_all(roles.dir.path().join("spool/counts")).unwrap();
    let (is_fine, findings) = doctor(&roles);
    assert!(!is_fine);
    let said = says(&findings, "kept crashes");
    assert!(said.starts_with("nobody has counted what was kept here; there are 2"), "{said}");
    roles.start_role("collector").unwrap();
    let after = post(&roles, "soon");
    let expect = |roles: &Roles, sides: &str| {
        let (is_fine, findings) = doctor(roles);
        assert!(is_fine, "{findings:?}");
        let kept = "1 accepted and deferred + 2 found when counting began";
        assert_eq!(says(&findings, "kept crashes"), format!("{kept} = {sides}"));
    };
    let rest = "0 duplicate_in_store + 0 quarantined";
    expect(&roles, &format!("3 in_spool + 0 stored + {rest}"));
    for role in ["crashmover", "middleware"] {
        roles.start_role(role).unwrap();
    }
    for crash in before.into_iter().chain([after]) {
        wait_state(&roles, crash, "stored");
    }
    wait::until("an empty spool", PATIENCE, || roles.spooled().is_empty().then_some(()));
    expect(&roles, &format!("0 in_spool + 3 stored + {rest}"));
}

#[test]
fn all_are_accounted_for_under_a_stream_with_kills() {
    const KILLS: usize = 6;
    let mut roles = Roles::start(&[]).unwrap();
    let crashes = Arc::clone(&roles.crashes);
    let pause = Duration::from_millis(60);
    let stream = Stream::endless(roles.address("collector"), &crashes, pause);
    let mut random = SplitMix::new(11);
    let mut victims = ["collector", "crashmover"].into_iter().cycle();
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(200 + random.below(1_500)));
        roles.kill_and_restart(victims.next().unwrap()).unwrap();
        // Refused ones leave no file, only a count.
        let (boundary, _) = crashes::form(&[], None);
        assert_eq!(
            http::submit(roles.address("collector"), &boundary, "", b"x").unwrap().status,
            400
        );
        let (is_fine, findings) = doctor(&roles);
        assert!(is_fine, "{findings:?}");
    }
    let acknowledged = stream.stop();
    assert!(acknowledged.len() > 2 * KILLS, "next to nothing was acknowledged");
    roles.wait_processed(&acknowledged, PATIENCE);
    wait::until("an empty spool", PATIENCE, || roles.spooled().is_empty().then_some(()));
    roles.kill_and_restart("collector").unwrap();
    roles.kill_and_restart("crashmover").unwrap();

    // All is quiet: the sums are exact, and the store has as many as it is said to have.
    let (is_fine, findings) = wait::until("exact sums", PATIENCE, || {
        let (is_fine, findings) = doctor(&roles);
        says(&findings, "kept crashes").contains(" = ").then_some((is_fine, findings))
    });
    assert!(is_fine, "{findings:?}");
    let stored: BTreeSet<CrashId> = roles.reports().unwrap().into_keys().collect();
    assert!(acknowledged.iter().all(|id| stored.contains(id)));
    let said = says(&findings, "kept crashes");
    let expected = format!(
        "{count} accepted and deferred = 0 in_spool + {count} stored + 0 duplicate_in_store + 0 quarantined",
        count = stored.len()
    );
    assert_eq!(said, expected);
    let sum = says(&findings, "submissions");
    let refused: usize =
        sum.split(" refused").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(refused > 0 && refused <= KILLS, "{sum}");
}
