//! `auxilio reconcile`: after Postgres was restored from an old dump, every crash of the store has its
//! report again, none twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "reconcile/astray.rs"]
mod astray;
#[path = "reconcile/astray_hbase.rs"]
mod astray_hbase;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, CrashId, CrashStore, Day, DumpName, RawEnvelope, Throttle};
use auxilio_disk_store::{Config, DiskStore};
use auxilio_service::clock::SystemClock;
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::postgres::USER;
use auxilio_testkit::raw::Recipe;
use auxilio_tests::process::Process;
use auxilio_tests::roles::{ROLES, Roles};
use auxilio_tests::{crashes, http, user, wait};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

fn reconcile(roles: &Roles, arguments: &[&str]) -> Output {
    roles.auxilio().arg("reconcile").args(arguments).output().unwrap()
}

/// What it said, a line each, the sum last.
fn reconciled(roles: &Roles, from: Day, more: &[&str]) -> Vec<Value> {
    let from = from.to_string();
    let done = reconcile(roles, &[&["--json", "--from", &from], more].concat());
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Which crashes met a fate.
fn met(said: &[Value], fate: &str) -> Vec<CrashId> {
    let lines = said.iter().filter(|line| line["result"] == fate);
    let mut ids: Vec<CrashId> =
        lines.map(|line| line["crash_id"].as_str().unwrap().parse().unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn sorted(ids: &[CrashId]) -> Vec<CrashId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

/// A client of Postgres on the roles' database.
fn tool(roles: &Roles, program: &str) -> Command {
    let mut command = Command::new(program);
    let port = roles.database.server.port().to_string();
    command.args(["--host", "127.0.0.1", "--username", USER, "--port", &port]);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn back_up(roles: &Roles, dump: &Path) {
    let mut command = tool(roles, "pg_dump");
    run(command.args(["--format", "custom", "--file"]).arg(dump).arg(&roles.database.name));
}

/// As an operator restores it: the database goes, and comes as it was.
fn restore(roles: &Roles, dump: &Path) {
    let name = &roles.database.name;
    let mut admin = roles.database.server.client("postgres").unwrap();
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
    run(tool(roles, "pg_restore").args(["--exit-on-error", "--dbname", name]).arg(dump));
}

fn post(roles: &Roles, product: &str) -> CrashId {
    let fields = [("ProductName", product), ("Version", "1.0"), ("URL", "http://x/\u{1f4a5}")];
    crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
}

/// Every row but the times that Postgres itself gives, by crash.
fn rows(roles: &Roles) -> BTreeMap<CrashId, Value> {
    let sql = "SELECT uuid, to_jsonb(reports) - 'id' FROM reports";
    let rows = roles.database.client().unwrap().query(sql, &[]).unwrap();
    let found: BTreeMap<CrashId, Value> =
        rows.iter().map(|row| (row.get::<_, &str>(0).parse().unwrap(), row.get(1))).collect();
    assert_eq!(found.len(), rows.len(), "a crash has two rows");
    found
}

/// The generation of the store's processed crash.
fn stored(roles: &Roles, id: CrashId) -> Value {
    let path = format!("/api/CrashStatus/?crash_id={id}");
    http::get(roles.address("middleware"), &path).unwrap().json().unwrap()["processed"].clone()
}

fn no_jobs(roles: &Roles) {
    let mut client = roles.database.client().unwrap();
    wait::until("an empty queue", PATIENCE, || {
        let left: i64 = client.query_one("SELECT count(*) FROM jobs", &[]).unwrap().get(0);
        (left == 0).then_some(())
    });
}

fn jobs(roles: &Roles, count: i64) {
    let mut client = roles.database.client().unwrap();
    wait::until("jobs in the queue", PATIENCE, || {
        let sql = "SELECT count(*) FROM jobs WHERE state = 'queued'";
        (client.query_one(sql, &[]).unwrap().get::<_, i64>(0) == count).then_some(())
    });
}

/// A crash of some day that has come just now, straight into the store as a crashmover leaves it: an
/// accepted one with its index row.
fn put(roles: &Roles, day: Day, seed: u64, throttle: Throttle) -> CrashId {
    let dir = roles.dir.path().join("store");
    let now = SystemClock::start().now();
    let recipe = Recipe::new(day, seed).throttle(throttle).received_at(now).without_dumps();
    let recipe = recipe.dump(DumpName::main(), roles.crashes.segv.clone()).envelope();
    let id = recipe.raw_crash().crash_id;
    let store = DiskStore::new(Config { dir: dir.clone() }, Arc::new(TestRandom::new(seed)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.put_raw(Arc::new(recipe))).unwrap();
    user::give_all(&dir).unwrap();
    id
}

fn stop(roles: &mut Roles, names: &[&'static str]) {
    for role in names {
        roles.take(role).unwrap().terminate(PATIENCE).unwrap();
    }
}

#[test]
fn restored_from_an_old_dump_every_crash_of_the_store_comes_back_to_one_row() {
    let mut roles = Roles::start(&[]).unwrap();
    let dump = roles.dir.path().join("old.dump");
    let old: Vec<CrashId> = (0..3).map(|_| post(&roles, "Old")).collect();
    let day = old[0].day();
    let deferred = put(&roles, day, 1, Throttle::Defer);
    roles.wait_processed(&old, PATIENCE);
    no_jobs(&roles);
    // One that waits for its processor while the dump is taken.
    stop(&mut roles, &["processor"]);
    let waited = post(&roles, "Waited");
    jobs(&roles, 1);
    back_up(&roles, &dump);

    // What happens after it: the one that waited is processed, new ones come, an old one is
    // processed again; one of another week; and one whose job is known to Postgres alone.
    roles.start_role("processor").unwrap();
    let early = put(&roles, "2026-02-03".parse().unwrap(), 2, Throttle::Accept);
    // Nobody hints at that one; a monitor that starts looks at once.
    roles.kill_and_restart("monitor").unwrap();
    let new: Vec<CrashId> = (0..4).map(|_| post(&roles, "New")).collect();
    let id = old[0].to_string();
    assert!(roles.auxilio().args(["reprocess", &id]).output().unwrap().status.success());
    let processed = [&old[..], &new, &[waited, early]].concat();
    roles.wait_processed(&processed, PATIENCE);
    wait::until("the monitor's look at the index", PATIENCE, || {
        (rows(&roles).len() == processed.len()).then_some(())
    });
    no_jobs(&roles);
    stop(&mut roles, &["processor"]);
    let queued_alone = post(&roles, "Queued");
    jobs(&roles, 1);
    let before = rows(&roles);
    assert_eq!(before.keys().copied().collect::<Vec<_>>(), sorted(&processed));
    assert!(!before.contains_key(&deferred));

    // The disaster.
    stop(&mut roles, &["collector", "crashmover", "monitor", "middleware", "webapp"]);
    restore(&roles, &dump);
    assert_eq!(rows(&roles).len(), 3);
    // A row whose crash the store has lost, or never had.
    let lost = CrashId::issue([0x5a; 16], 0, day);
    let sql = format!(
        "INSERT INTO reports SELECT (jsonb_populate_record(reports, '{{\"uuid\": \"{lost}\", \"id\": 0}}')).* \
         FROM reports LIMIT 1"
    );
    roles.database.client().unwrap().batch_execute(&sql).unwrap();

    // First only told what would be, with nothing running; then with the system up.
    let first_day: Day = "2026-02-01".parse().unwrap();
    let told = reconciled(&roles, first_day, &["--dry-run"]);
    assert_eq!(rows(&roles).len(), 4);
    for role in ROLES {
        roles.start_role(role).unwrap();
    }
    let done = reconciled(&roles, first_day, &[]);
    assert_eq!(met(&done, "updated"), [old[0]]);
    assert_eq!(met(&done, "queued"), [queued_alone]);
    assert_eq!(met(&done, "row_alone"), [lost]);
    let mut rebuilt = met(&done, "rebuilt");
    // The old job came back with the dump: its processor may be quicker.
    rebuilt.retain(|id| *id != waited);
    assert_eq!(rebuilt, sorted(&[&new[..], &[early]].concat()));
    assert_eq!(met(&told, "rebuilt"), sorted(&[&new[..], &[early, waited]].concat()));
    assert_eq!((met(&told, "updated"), met(&told, "queued")), (vec![old[0]], vec![queued_alone]));
    let sum = told.last().unwrap();
    let words = ["fine", "deferred", "refused", "row_alone", "dry_run", "stopped_at"];
    let expected = [json!(2), json!(1), json!(0), json!(1), json!(true), Value::Null];
    assert_eq!(words.map(|word| sum[word].clone()), expected, "{sum}");

    no_jobs(&roles);
    let mut after = rows(&roles);
    assert!(after.remove(&lost).is_some(), "a row alone stays");
    assert_eq!(
        after.keys().copied().collect::<Vec<_>>(),
        sorted(&[&processed[..], &[queued_alone]].concat())
    );
    for (id, row) in &after {
        assert_eq!(row["generation"], stored(&roles, *id), "{id}: row and store are apart");
        if *id == queued_alone {
            assert!(row["signature"].as_str().unwrap().contains("inlined_inner"));
        } else if *id == waited {
            assert_eq!(row["signature"], before[id]["signature"]);
        } else {
            assert_eq!(row, &before[id], "{id}");
        }
    }

    // Once more: there is nothing to do.
    let again = reconciled(&roles, first_day, &[]);
    for fate in ["rebuilt", "updated", "queued", "refused"] {
        assert_eq!(again.last().unwrap()[fate], 0, "{fate}");
    }
    assert_eq!(again.last().unwrap()["fine"], after.len());
    after.insert(lost, rows(&roles)[&lost].clone());
    assert_eq!(rows(&roles), after);
}

#[test]
fn what_the_store_can_t_read_is_processed_once_more_and_deferred_crashes_are_left() {
    let mut roles = Roles::start(&[]).unwrap();
    let id = post(&roles, "Demo");
    let deferred = put(&roles, id.day(), 3, Throttle::Defer);
    roles.wait_processed(&[id], PATIENCE);
    no_jobs(&roles);
    stop(&mut roles, &["processor"]);
    // The row is gone and the processed crash damaged: only another run helps.
    let generation = stored(&roles, id);
    let mut client = roles.database.client().unwrap();
    client.execute("DELETE FROM reports", &[]).unwrap();
    let folder = roles.dir.path().join(format!(
        "store/crashes/{}/{}",
        id.day().compact(),
        &id.to_string()[..3]
    ));
    let file = folder.join(format!("{id}.{generation}"));
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let done = reconciled(&roles, id.day(), &[]);
    assert_eq!(met(&done, "queued"), [id]);
    assert_eq!(done.last().unwrap()["deferred"], 1);
    let waiting = reconciled(&roles, id.day(), &[]);
    assert_eq!(
        (&waiting.last().unwrap()["queued"], &waiting.last().unwrap()["waiting"]),
        (&json!(0), &json!(1))
    );
    roles.start_role("processor").unwrap();
    no_jobs(&roles);
    let row = rows(&roles);
    assert_eq!(row.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(row[&id]["generation"], stored(&roles, id));
    assert_eq!(stored(&roles, deferred), Value::Null);
}

#[test]
fn wrong_usage_is_told_apart_from_trouble_and_an_interrupt_says_where_to_go_on() {
    let roles = Roles::prepare(&[]).unwrap();
    let day: Day = "2026-02-03".parse().unwrap();
    for arguments in [
        &[][..],
        &["--from", "2026-02-30"],
        &["--from", "2026-02-04", "--to", "2026-02-03"],
        &["--from", "2099-12-31"],
    ] {
        assert_eq!(reconcile(&roles, arguments).status.code(), Some(2), "{arguments:?}");
    }
    let from = ["--from", "2026-02-03", "--to", "2026-02-03"];
    let none = reconcile(&roles, &from);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no store in"));
    put(&roles, day, 1, Throttle::Accept);
    let told = reconcile(&roles, &from);
    assert_eq!(told.status.code(), Some(0));
    let text = String::from_utf8(told.stdout).unwrap();
    let line = "1 crashes, 1 on their way\n";
    assert_eq!(text, format!("2026-02-03: {line}all: {line}"), "its index row is there");

    // A hundred years of days: it is stopped somewhere on the way.
    let out = roles.dir.path().join("out");
    let mut command = roles.auxilio();
    command.args(["reconcile", "--json", "--from", "2000-01-01"]);
    command.stdout(std::fs::File::create(&out).unwrap());
    let mut process = Process::start(&mut command).unwrap();
    wait::until("the first day", PATIENCE, || (out.metadata().unwrap().len() > 0).then_some(()));
    process.signal(Signal::INT).unwrap();
    assert_eq!(process.wait(PATIENCE).unwrap().code(), Some(1));
    let text = std::fs::read_to_string(&out).unwrap();
    let said: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at: Day = said.last().unwrap()["stopped_at"].as_str().unwrap().parse().unwrap();
    let last_done: Day = said[said.len() - 2]["day"].as_str().unwrap().parse().unwrap();
    assert_eq!(last_done.next(), Some(at));
    roles.database.server.stop().unwrap();
    assert_eq!(reconcile(&roles, &from).status.code(), Some(1));
}
