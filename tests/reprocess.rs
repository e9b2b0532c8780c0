//! `auxilio reprocess`: what is named is queued, what can't be is named, and crashes come back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::{backlog, crashes, wait};
use postgres::Client;
use rustix::process::Signal;
use serde_json::{Value, json};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A well-formed id that nobody has.
const UNKNOWN: &str = "0b794045-87ec-4649-9ce1-73ec00120824";

fn reprocess(roles: &Roles, arguments: &[&str]) -> Output {
    roles.auxilio().arg("reprocess").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The crashes in lane reprocess, which then is empty.
fn empty_lane(client: &mut Client) -> BTreeSet<CrashId> {
    let sql = "DELETE FROM jobs WHERE lane = 'reprocess' RETURNING uuid, state";
    let rows = client.query(sql, &[]).unwrap();
    rows.iter()
        .map(|row| {
            assert_eq!(row.get::<_, &str>(1), "queued");
            row.get::<_, &str>(0).parse().unwrap()
        })
        .collect()
}

fn generation(client: &mut Client, id: CrashId) -> i64 {
    let sql = "SELECT generation FROM reports WHERE uuid = $1";
    client.query_one(sql, &[&id.to_string()]).unwrap().get(0)
}

fn with_input(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn what_is_named_is_queued_and_processed_once_more() {
    let mut roles = Roles::start(&[]).unwrap();
    let post = |product: &str| {
        let fields = [("ProductName", product), ("Version", "1.0")];
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
    };
    let (a1, a2, b) = (post("A"), post("A"), post("B's"));
    roles.wait_processed(&[a1, a2, b], PATIENCE);
    roles.reports().unwrap();
    roles.take("processor").unwrap().terminate(PATIENCE).unwrap();
    let mut client = roles.database.client().unwrap();
    let lane = |client: &mut Client| empty_lane(client).into_iter().collect::<Vec<_>>();
    let sorted = |ids: &[CrashId]| ids.iter().copied().collect::<BTreeSet<_>>();

    // By ids, in both spellings and twice; one is not in the store.
    let bp = format!("bp-{a1}");
    let done = reprocess(&roles, &[&bp, &a1.to_string(), &b.to_string()]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(String::from_utf8_lossy(&done.stdout), "2 crashes queued in lane reprocess\n");
    assert_eq!(empty_lane(&mut client), sorted(&[a1, b]));
    let done = reprocess(&roles, &["--json", UNKNOWN, &a2.to_string()]);
    assert_eq!(done.status.code(), Some(1));
    let expected = [
        json!({"crash_id": UNKNOWN, "result": "not_in_store"}),
        json!({"crash_id": a2, "result": "queued"}),
        json!({"queued": 1, "queued_again": 0, "not_in_store": 1, "dry_run": false, "stopped": false}),
    ];
    assert_eq!(lines(&done), expected);
    assert_eq!(lane(&mut client), [a2]);

    // By a file, with a remark; from standard input; with a line that is no id.
    let file = roles.dir.path().join("ids");
    std::fs::write(&file, format!("# two\n\nbp-{a1}\n  {a2} # the second\n{a1}\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(reprocess(&roles, &["--file", file]).status.code(), Some(0));
    assert_eq!(empty_lane(&mut client), sorted(&[a1, a2]));
    let mut command = roles.auxilio();
    let done = with_input(command.args(["reprocess", "--file", "-"]), &format!("{b}\n"));
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(lane(&mut client), [b]);
    std::fs::write(file, format!("{a1}\nrubbish\n{a2}\n")).unwrap();
    let done = reprocess(&roles, &["--file", file]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("line 2: \"rubbish\" is no crash id"), "{}", said(&done));
    assert!(said(&done).contains("nothing is queued"), "{}", said(&done));
    let named = &lines(&reprocess(&roles, &["--file", file, "--json"]))[0];
    assert_eq!((&named["line"], &named["result"]), (&json!(2), &json!("malformed")));
    assert!(lane(&mut client).is_empty());

    // By a condition: first what it would do, then a part, then all of it.
    let condition = ["--where", "product = 'B''s' OR product = 'A' AND signature IS NOT NULL"];
    let done = reprocess(&roles, &[&condition[..], &["--dry-run", "--json"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let named: BTreeSet<CrashId> = lines(&done)[..3]
        .iter()
        .map(|l| l["crash_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(named, sorted(&[a1, a2, b]));
    assert!(lane(&mut client).is_empty(), "a dry run queues nothing");
    let done = reprocess(&roles, &[&condition[..], &["--limit", "2", "--rate", "100"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(lane(&mut client).len(), 2);
    let before = generation(&mut client, b);
    assert_eq!(reprocess(&roles, &["--where", "product = 'B''s'"]).status.code(), Some(0));

    let unmoved = [a1, a2].map(|id| generation(&mut client, id));
    roles.start_role("processor").unwrap();
    let rows = roles.reports().unwrap();
    assert_eq!(
        rows.into_iter().collect::<Vec<_>>(),
        sorted(&[a1, a2, b]).into_iter().map(|id| (id, 1)).collect::<Vec<_>>()
    );
    assert!(generation(&mut client, b) > before);
    assert_eq!([a1, a2].map(|id| generation(&mut client, id)), unmoved);
}

#[test]
fn wrong_usage_and_conditions_that_are_none_change_nothing() {
    let roles = Roles::prepare(&[]).unwrap();
    let id = backlog::in_store(&roles, 1).unwrap()[0].to_string();
    let mut client = roles.database.client().unwrap();
    for (arguments, words) in [
        (&[][..], "required"),
        (&[id.as_str(), "--where", "true"], "cannot be used with"),
        (&["bp-123"], "a crash id has 36 characters"),
        (&[id.as_str(), "--rate", "0"], "a rate is more than 0"),
        (&[id.as_str(), "--limit", "0"], "0 is not in"),
        (&["--where", "signatur = 'x'"], "column \"signatur\" does not exist"),
        (&["--where", "true) OR (true"], "syntax error at or near \")\""),
        (&["--where", "true; DELETE FROM jobs"], "syntax error at or near \";\""),
        (
            &[
                "--where",
                "EXISTS (WITH gone AS (DELETE FROM reports RETURNING 1) SELECT FROM gone)",
            ],
            "must be at the top level",
        ),
    ] {
        let done = reprocess(&roles, arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {}", said(&done));
        assert!(said(&done).contains(words), "{arguments:?}: {}", said(&done));
    }
    assert!(empty_lane(&mut client).is_empty());
    let done = reprocess(&roles, &["--file", "/nowhere/ids"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("/nowhere/ids"), "{}", said(&done));

    // A store that is not there is no empty one, and is not made.
    std::fs::rename(roles.dir.path().join("store"), roles.dir.path().join("elsewhere")).unwrap();
    let done = reprocess(&roles, &[&id]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("there is no store in"), "{}", said(&done));
    assert!(!roles.dir.path().join("store").exists());
}

#[test]
fn more_matches_than_a_page_are_each_met_once() {
    let roles = Roles::prepare(&[]).unwrap();
    backlog::in_store(&roles, 1).unwrap();
    for day in ["2026-03-02", "2026-03-12"] {
        let mut command = roles.auxilio();
        command.args(["sample", "--fast", "--count", "6000", "--date", day]);
        assert!(command.output().unwrap().status.success());
    }
    // No crash lies behind these rows: each is named.
    let done = reprocess(&roles, &["--json", "--where", "product IS NOT NULL"]);
    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    let mut said = lines(&done);
    let sum = said.pop().unwrap();
    assert_eq!((&sum["not_in_store"], &sum["queued"]), (&json!(12_000), &json!(0)));
    let ids: BTreeSet<&str> = said.iter().map(|line| line["crash_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 12_000);
}

#[test]
fn an_interrupt_ends_it_and_says_how_many_were_queued() {
    let roles = Roles::prepare(&[]).unwrap();
    let ids = backlog::in_store(&roles, 300).unwrap();
    let file = roles.dir.path().join("ids");
    let text: Vec<String> = ids.iter().map(CrashId::to_string).collect();
    std::fs::write(&file, text.join("\n")).unwrap();
    let out = roles.dir.path().join("out");
    let mut command = roles.auxilio();
    command.args(["reprocess", "--json", "--rate", "10", "--file"]).arg(&file);
    command.stdout(std::fs::File::create(&out).unwrap());
    let mut process = Process::start(&mut command).unwrap();
    let mut client = roles.database.client().unwrap();
    wait::until("the first jobs", PATIENCE, || {
        let jobs = "SELECT count(*) FROM jobs WHERE lane = 'reprocess'";
        (client.query_one(jobs, &[]).unwrap().get::<_, i64>(0) > 0).then_some(())
    });
    process.signal(Signal::INT).unwrap();
    let status = process.wait(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(1));
    let text = std::fs::read_to_string(&out).unwrap();
    let sum: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(sum["stopped"], true);
    let queued = empty_lane(&mut client).len();
    assert_eq!(sum["queued"], queued);
    assert!(queued < 300);
}

#[test]
fn a_crash_that_ended_as_lost_is_brought_back() {
    let mut roles = Roles::start(&[]).unwrap();
    roles.take("processor").unwrap().terminate(PATIENCE).unwrap();
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap();
    let mut client = roles.database.client().unwrap();
    // As if ten processors had gone away while they had it.
    wait::until("the job", PATIENCE, || {
        let lost = client.execute("UPDATE jobs SET lost_leases = 10", &[]).unwrap();
        (lost == 1).then_some(())
    });
    roles.start_role("processor").unwrap();
    roles.reports().unwrap();
    let mut look = || {
        let sql =
            "SELECT array_agg(outcome ORDER BY ended_at), min(quality)::integer, min(signature)
                   FROM job_outcomes JOIN reports USING (uuid)";
        let row = client.query_one(sql, &[]).unwrap();
        (row.get::<_, Vec<String>>(0), row.get::<_, i32>(1), row.get::<_, Option<String>>(2))
    };
    let (outcomes, quality, _) = look();
    assert_eq!((outcomes, quality), (vec!["lost".to_owned()], 0));
    let condition = "uuid IN (SELECT uuid FROM job_outcomes WHERE outcome IN ('lost', 'poison'))";
    let done = reprocess(&roles, &["--where", condition]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    roles.reports().unwrap();
    let (outcomes, quality, signature) = look();
    assert_eq!((outcomes, quality), (vec!["lost".to_owned(), "processed".to_owned()], 2));
    assert!(signature.unwrap().contains("inlined_inner"));
    assert_eq!(roles.processed(id).unwrap()["success"], true);
}
