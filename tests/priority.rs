//! Somebody asks for one crash while thousands wait before it: in the store, or still in the spool.
//!
//! The deadlines are the system's promises (DESIGN section 6), so that they are asserted here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

use auxilio_common::CrashId;
use auxilio_tests::roles::Roles;
use auxilio_tests::{backlog, http, wait};

/// Crashes that wait.
const WAITING: usize = 10_000;

/// Of them, those that must still wait when the one that was asked for is shown.
const LEFT: i64 = 8_000;

/// From asking until the report is there, for a crash that the store has.
const FROM_STORE: Duration = Duration::from_secs(2);

/// The same for one deep in the spool.
const FROM_SPOOL: Duration = Duration::from_secs(10);

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

fn count(roles: &Roles, sql: &str) -> i64 {
    roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
}

fn queued(roles: &Roles) -> i64 {
    count(roles, "SELECT count(*) FROM jobs WHERE state = 'queued' AND lane = 'standard'")
}

/// Where a crash is asked for.
fn path(id: CrashId) -> String {
    format!("/bpapi/crash/processed/by/uuid/{id}")
}

/// Asks for a crash that is not shown yet, and answers the state of its job.
fn ask(roles: &Roles, id: CrashId) -> String {
    let first = http::get(roles.address("middleware"), &path(id)).unwrap();
    assert_eq!(first.status, 408, "{}", first.text());
    first.json().unwrap()["state"].as_str().unwrap().to_owned()
}

/// Asks again and again until the crash is shown, and answers how long that took since `asked`.
fn wait_shown(roles: &Roles, id: CrashId, asked: Instant, within: Duration) -> Duration {
    let middleware = roles.address("middleware");
    wait::until("the crash that was asked for", within.saturating_sub(asked.elapsed()), || {
        (http::get(middleware, &path(id)).unwrap().status == 200).then_some(())
    });
    asked.elapsed()
}

#[test]
fn who_asks_sees_the_crash_within_two_seconds_while_ten_thousand_wait_in_the_store() {
    let mut roles = Roles::prepare(&[]).unwrap();
    let begun = Instant::now();
    let ids = backlog::in_store(&roles, WAITING).unwrap();
    println!("{} crashes in the store after {:?}", ids.len(), begun.elapsed());
    roles.start_role("monitor").unwrap();
    wait::until("a full queue", PATIENCE, || {
        (queued(&roles) == i64::try_from(WAITING).unwrap()).then_some(())
    });
    println!("all of them queued after {:?}", begun.elapsed());
    for role in ["processor", "middleware", "webapp"] {
        roles.start_role(role).unwrap();
    }
    wait::until("a busy processor", PATIENCE, || {
        (count(&roles, "SELECT count(*) FROM job_outcomes") > 50).then_some(())
    });

    // The newest have all others before them.
    for id in ids.iter().rev().take(3) {
        let asked = Instant::now();
        assert_eq!(ask(&roles, *id), "queued");
        let took = wait_shown(&roles, *id, asked, FROM_STORE);
        println!("shown after {took:?}, {} still queue", queued(&roles));
    }
    // The same of a page that is looked at again and again, and without any monitor.
    roles.take("monitor").unwrap().kill().unwrap();
    let page = format!("/report/index/{}", ids[WAITING - 4]);
    let look = || http::get(roles.address("webapp"), &page).unwrap();
    assert_eq!(look().status, 202);
    wait::until("the report's page", FROM_STORE, || {
        let shown = look();
        (shown.status == 200 && shown.text().contains("SIGSEGV")).then_some(())
    });
    let left = queued(&roles);
    assert!(left >= LEFT, "only {left} others still waited");
}

#[test]
fn who_asks_sees_a_crash_deep_in_a_spool_of_ten_thousand_within_ten_seconds() {
    let mut roles = Roles::prepare(&[]).unwrap();
    let begun = Instant::now();
    let ids = backlog::in_spool(&roles, WAITING).unwrap();
    println!("{} crashes in the spool after {:?}", ids.len(), begun.elapsed());
    for role in ["monitor", "processor", "middleware"] {
        roles.start_role(role).unwrap();
    }
    assert_eq!(roles.spooled().len(), WAITING);
    // One is wanted before the crashmover starts, the other while it works its way to it.
    for deep in [WAITING / 2, WAITING / 3 * 2] {
        let asked = Instant::now();
        assert_eq!(ask(&roles, ids[deep]), "waiting_for_raw");
        if roles.running("crashmover").is_err() {
            roles.start_role("crashmover").unwrap();
        }
        let took = wait_shown(&roles, ids[deep], asked, FROM_SPOOL);
        let left = roles.spooled();
        println!("shown after {took:?}, {} still in the spool", left.len());
        // Its neighbours are all there: it was not its turn.
        let names: BTreeSet<_> = left.iter().filter_map(|path| path.file_stem()).collect();
        let beside = deep - 300..deep + 300;
        let waiting = ids[beside].iter().filter(|id| names.contains(OsStr::new(&id.to_string())));
        assert_eq!(waiting.count(), 599);
    }
}
