//! kill -9 in each state of a job, at instants that are made to last: a row that is locked, a folder
//! that can't be written, a walker that is stopped. The job is ended once, and the crash shown once.
//!
//! What needs no whole system stands with its part: the processor at each step of saving
//! (processor/tests/jobs/saving.rs) and any kill at any instant (`kill_nine.rs`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use auxilio_common::CrashId;
use auxilio_tests::roles::Roles;
use auxilio_tests::{crashes, http, wait};
use postgres::{Client, Row};
use rustix::process::{Pid, Signal, kill_process};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Leases and signs of life are short, so that what was lost comes back soon.
const SETTINGS: [(&str, &str); 6] = [
    ("AUXILIO_PROCESSOR__LEASE_SECS", "3"),
    ("AUXILIO_PROCESSOR__HEARTBEAT_SECS", "1"),
    ("AUXILIO_PROCESSOR__WORKERS", "1"),
    ("AUXILIO_MONITOR__PROCESSOR_DEAD_AFTER_SECS", "5"),
    ("AUXILIO_MONITOR__SWEEP_EVERY_SECS", "1"),
    ("AUXILIO_MONITOR__SCAN_RECENT_EVERY_SECS", "1"),
];

/// A system of these roles.
fn system(roles: &[&'static str]) -> Roles {
    let mut system = Roles::prepare(&SETTINGS).unwrap();
    for role in roles {
        system.start_role(role).unwrap();
    }
    system
}

fn post(roles: &Roles) -> CrashId {
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
}

/// A job's row: state, owner, lost leases.
fn job(roles: &Roles, id: CrashId) -> Option<Row> {
    let sql = "SELECT state, owner, lost_leases FROM jobs WHERE uuid = $1";
    roles.database.client().unwrap().query_opt(sql, &[&id.to_string()]).unwrap()
}

/// Waits until a crash's job is in a state.
fn wait_state(roles: &Roles, id: CrashId, state: &str) {
    wait::until(state, PATIENCE, || {
        job(roles, id).filter(|job| job.get::<_, String>(0) == state).map(|_| ())
    });
}

/// Waits until a crash's job has ended, and proves that it had one end and the crash one report, of
/// the run that the store shows. Answers how often a lease of it was lost.
fn ended_once(roles: &Roles, id: CrashId) -> i32 {
    roles.wait_processed(&[id], PATIENCE);
    wait::until("the end of a job", PATIENCE, || job(roles, id).is_none().then_some(()));
    let mut client = roles.database.client().unwrap();
    let uuid = id.to_string();
    let ends = "SELECT outcome, lost_leases FROM job_outcomes WHERE uuid = $1";
    let ends = client.query(ends, &[&uuid]).unwrap();
    assert_eq!(ends.len(), 1, "one end of {id}");
    let outcome: String = ends[0].get(0);
    assert!(["processed", "kept_old"].contains(&outcome.as_str()), "{outcome}");
    let reports =
        "SELECT to_char(completed_datetime AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')
                   FROM reports WHERE uuid = $1";
    let reports = client.query(reports, &[&uuid]).unwrap();
    assert_eq!(reports.len(), 1, "one report of {id}");
    let shown = roles.processed(id).unwrap()["completed_datetime"].as_str().unwrap().to_owned();
    assert_eq!(shown[..19], reports[0].get::<_, String>(0));
    ends[0].get(1)
}

/// Rows of the unprocessed index.
fn index_rows(roles: &Roles) -> Vec<PathBuf> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&roles.dir.path().join("store/unprocessed"), &mut found);
    found
}

#[test]
fn a_job_that_waits_for_its_crash_outlives_the_death_of_every_role() {
    let mut roles = system(&["collector", "monitor", "processor", "middleware"]);
    let ids = [post(&roles), post(&roles)];
    for id in ids {
        let path = format!("/bpapi/crash/processed/by/uuid/{id}");
        let asked = http::get(roles.address("middleware"), &path).unwrap();
        assert_eq!(asked.json().unwrap()["state"], "waiting_for_raw");
    }
    for role in ["monitor", "processor", "middleware", "collector"] {
        roles.kill_and_restart(role).unwrap();
    }
    for id in ids {
        wait_state(&roles, id, "waiting_for_raw");
    }
    // The crash comes while no monitor lives, and its carrier dies as well.
    roles.take("monitor").unwrap().kill().unwrap();
    roles.start_role("crashmover").unwrap();
    wait::until("an empty spool", PATIENCE, || roles.spooled().is_empty().then_some(()));
    roles.kill_and_restart("crashmover").unwrap();
    for id in ids {
        wait_state(&roles, id, "waiting_for_raw");
    }
    roles.start_role("monitor").unwrap();
    for id in ids {
        ended_once(&roles, id);
    }
    wait::until("an empty index", PATIENCE, || index_rows(&roles).is_empty().then_some(()));
}

#[test]
fn a_monitor_killed_between_the_queue_and_the_index_queues_nothing_twice() {
    let mut roles = system(&["collector", "crashmover", "middleware"]);
    let id = post(&roles);
    let row = wait::until("the index's row", PATIENCE, || index_rows(&roles).pop());
    let folder = row.parent().unwrap();
    let allow = |mode| {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // Nobody can take the row away: each monitor dies after its insert and before its removal.
    allow(0o555);
    for life in 1..=2 {
        roles.start_role("monitor").unwrap();
        wait_state(&roles, id, "queued");
        wait::until("a removal that failed", PATIENCE, || {
            let log = roles.log_text("monitor");
            let (_, this_life) = log.rsplit_once("this monitor is active now")?;
            this_life.contains("the index could not be scanned").then_some(())
        });
        println!("life {life} of the monitor ends with the row still there");
        roles.take("monitor").unwrap().kill().unwrap();
        assert!(row.is_file() && job(&roles, id).is_some());
    }
    // The next one meets the row before and after the job has ended.
    roles.start_role("monitor").unwrap();
    roles.start_role("processor").unwrap();
    ended_once(&roles, id);
    roles.kill_and_restart("monitor").unwrap();
    allow(0o755);
    wait::until("an empty index", PATIENCE, || index_rows(&roles).is_empty().then_some(()));
    ended_once(&roles, id);
}

#[test]
fn a_job_that_is_a_dead_processor_s_alone_is_taken_by_the_next() {
    let mut roles = system(&["collector", "crashmover", "monitor", "processor", "middleware"]);
    ended_once(&roles, post(&roles));
    // It gave its sign of life a moment ago, so that the monitor gives it the crash.
    roles.running("processor").unwrap().signal(Signal::STOP).unwrap();
    let id = post(&roles);
    let owner: Option<i64> = wait::until("an owner", PATIENCE, || {
        job(&roles, id).map(|job| job.get(1)).filter(Option::is_some)
    });
    println!("{id} is assigned to {owner:?}");
    roles.kill_and_restart("processor").unwrap();
    ended_once(&roles, id);
}

/// Processes whose parent is this one.
fn children(parent: Pid) -> Vec<Pid> {
    let tasks = format!("/proc/{}/task", parent.as_raw_nonzero());
    let tasks = std::fs::read_dir(tasks).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let numbers: Vec<i32> = lists
        .flat_map(|list| list.split(' ').filter_map(|n| n.parse().ok()).collect::<Vec<_>>())
        .collect();
    numbers.into_iter().filter_map(Pid::from_raw).collect()
}

/// Whether a process has a crash's file mapped.
fn walks(walker: Pid, id: CrashId) -> bool {
    let maps = format!("/proc/{}/maps", walker.as_raw_nonzero());
    std::fs::read_to_string(maps).is_ok_and(|maps| maps.contains(&format!("{id}.crash")))
}

/// Whether a process is there and not only waited for.
fn lives(process: Pid) -> bool {
    let status = format!("/proc/{}/status", process.as_raw_nonzero());
    std::fs::read_to_string(status).is_ok_and(|status| !status.contains("State:\tZ"))
}

/// Posts crashes until a walker was stopped in the middle of one's walk.
fn stopped_in_a_walk(roles: &Roles) -> (CrashId, Pid) {
    ended_once(roles, post(roles));
    let processor = roles.running("processor").unwrap().pid();
    for _ in 0..100 {
        let id = post(roles);
        let deadline = Instant::now() + PATIENCE;
        while roles.processed(id).is_none() && Instant::now() < deadline {
            let walkers = children(processor);
            let found = (0..400).find_map(|_| walkers.iter().find(|walker| walks(**walker, id)));
            let Some(walker) = found else { continue };
            kill_process(*walker, Signal::STOP).unwrap();
            if walks(*walker, id) {
                return (id, *walker);
            }
            kill_process(*walker, Signal::CONT).unwrap();
        }
    }
    panic!("no walk was met");
}

#[test]
fn a_processor_and_a_monitor_killed_in_the_middle_of_a_walk_lose_nothing() {
    let mut roles = system(&["collector", "crashmover", "monitor", "processor", "middleware"]);
    let (id, walker) = stopped_in_a_walk(&roles);
    wait_state(&roles, id, "taken");
    roles.take("processor").unwrap().kill().unwrap();
    roles.kill_and_restart("monitor").unwrap();
    // The walker of a processor that is gone goes too.
    kill_process(walker, Signal::CONT).unwrap();
    wait::until("the walker's end", PATIENCE, || (!lives(walker)).then_some(()));
    assert!(roles.processed(id).is_none());
    roles.start_role("processor").unwrap();
    assert!(ended_once(&roles, id) >= 1);
}

/// Has a processor walk and store a crash and then wait for a lock that somebody has on its job:
/// its call to end the job is on its way. Answers who has the lock.
fn stored_and_not_ended(roles: &Roles) -> (CrashId, Client) {
    let (id, walker) = stopped_in_a_walk(roles);
    wait_state(roles, id, "taken");
    let mut holder = roles.database.client().unwrap();
    holder.batch_execute("BEGIN").unwrap();
    let lock = "SELECT FROM jobs WHERE uuid = $1 FOR UPDATE";
    holder.execute(lock, &[&id.to_string()]).unwrap();
    kill_process(walker, Signal::CONT).unwrap();
    roles.wait_processed(&[id], PATIENCE);
    wait::until("a call that waits", PATIENCE, || (!enders(roles).is_empty()).then_some(()));
    (id, holder)
}

/// Backends that wait for a lock to save reports.
fn enders(roles: &Roles) -> Vec<i32> {
    let sql = "SELECT pid FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND query LIKE '%save_reports%'";
    let rows = roles.database.client().unwrap().query(sql, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Has the calls that wait for a lock die, as they do with their machine.
fn end_calls(roles: &Roles) {
    let mut client = roles.database.client().unwrap();
    for backend in enders(roles) {
        client.query_one("SELECT pg_terminate_backend($1)", &[&backend]).unwrap();
    }
    wait::until("no call", PATIENCE, || enders(roles).is_empty().then_some(()));
}

#[test]
fn a_processor_killed_after_the_store_and_before_the_end_leaves_the_job_to_another() {
    let mut roles = system(&["collector", "crashmover", "monitor", "processor", "middleware"]);
    let (id, mut holder) = stored_and_not_ended(&roles);
    roles.take("processor").unwrap().kill().unwrap();
    end_calls(&roles);
    holder.batch_execute("COMMIT").unwrap();
    assert!(job(&roles, id).is_some() && roles.processed(id).is_some());
    roles.start_role("processor").unwrap();
    assert!(ended_once(&roles, id) >= 1);
}

#[test]
fn a_processor_killed_after_the_end_and_before_it_knows_has_ended_the_job() {
    let mut roles = system(&["collector", "crashmover", "monitor", "processor", "middleware"]);
    let (id, mut holder) = stored_and_not_ended(&roles);
    roles.running("processor").unwrap().signal(Signal::STOP).unwrap();
    holder.batch_execute("COMMIT").unwrap();
    wait::until("the end of the job", PATIENCE, || job(&roles, id).is_none().then_some(()));
    roles.kill_and_restart("processor").unwrap();
    assert_eq!(ended_once(&roles, id), 0);
    ended_once(&roles, post(&roles));
    assert_eq!(ended_once(&roles, id), 0);
}

#[test]
fn a_processor_that_sleeps_through_its_lease_with_its_call_on_its_way_ends_nothing() {
    let roles = system(&["collector", "crashmover", "monitor", "processor", "middleware"]);
    let (id, mut holder) = stored_and_not_ended(&roles);
    let sleeper = roles.running("processor").unwrap();
    sleeper.signal(Signal::STOP).unwrap();
    end_calls(&roles);
    holder.batch_execute("COMMIT").unwrap();
    let address = [("AUXILIO_PROCESSOR__ADMIN_ADDRESS", "127.0.0.1:0")];
    let other = roles.start_another("processor", &address).unwrap();
    wait::until("the end of the job", PATIENCE, || job(&roles, id).is_none().then_some(()));
    assert!(ended_once(&roles, id) >= 1);
    let shown = roles.processed(id).unwrap();
    other.terminate(PATIENCE).unwrap();
    // It tells the end again, and is refused.
    sleeper.signal(Signal::CONT).unwrap();
    wait::until("a refusal", PATIENCE, || {
        let metrics = http::get(roles.address("processor"), "/metrics").ok()?.text();
        let line = "auxilio_processor_jobs_ended_total{outcome=\"refused\"} 1";
        metrics.lines().any(|found| found == line).then_some(())
    });
    ended_once(&roles, id);
    assert_eq!(roles.processed(id).unwrap(), shown);
    ended_once(&roles, post(&roles));
}
