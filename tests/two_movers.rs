//! Two crashmovers on one spool, killed and stopped in the middle of their work: every crash is
//! stored once, shown once, and nothing is left behind.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::process::Process;
use auxilio_tests::roles::{self, Roles};
use auxilio_tests::stream::Stream;
use auxilio_tests::{http, wait};
use rustix::process::Signal;

/// Crashes that are posted.
const CRASHES: usize = 300;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A number of a crashmover's metrics; zero where it does not say it.
fn moved(mover: SocketAddr) -> u64 {
    let line = "auxilio_crashmover_crashes_moved_total{outcome=\"stored\"} ";
    let text = http::get(mover, "/metrics").map(|answer| answer.text()).unwrap_or_default();
    text.lines().find_map(|found| found.strip_prefix(line)?.parse().ok()).unwrap_or(0)
}

/// Raw crashes and rows of the unprocessed index in the store.
fn stored(roles: &Roles) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    roles::collect_crash_files(&roles.dir.path().join("store/crashes"), &mut found);
    let names = found.iter().filter_map(|path| path.file_stem()?.to_str()).map(str::to_owned);
    (names.collect(), files_below(&roles.dir.path().join("store/unprocessed")))
}

fn files_below(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[test]
fn two_movers_on_one_spool_store_each_crash_once_though_one_is_killed_and_one_sleeps() {
    // What a killed mover could not tell is found by the monitor's scans.
    let mut roles = Roles::start(&[("AUXILIO_MONITOR__SCAN_RECENT_EVERY_SECS", "1")]).unwrap();
    let start_other = |roles: &Roles, address: &str| -> Process {
        roles
            .start_another("crashmover", &[("AUXILIO_CRASHMOVER__ADMIN_ADDRESS", address)])
            .unwrap()
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut other = Some(start_other(&roles, &free.to_string()));
    wait::until("another crashmover", PATIENCE, || http::get(free, "/metrics").ok());
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        CRASHES,
        Duration::from_millis(40),
    );
    let mut random = SplitMix::new(11);
    let (mut kills, mut by_each) = (0, [0, 0]);
    while stream.acknowledged() < CRASHES {
        std::thread::sleep(Duration::from_millis(200 + random.below(600)));
        by_each = [by_each[0].max(moved(roles.address("crashmover"))), by_each[1].max(moved(free))];
        if kills % 2 == 0 {
            // One is killed while the other, which holds what it holds, sleeps.
            let sleeper = roles.running("crashmover").unwrap();
            sleeper.signal(Signal::STOP).unwrap();
            other.take().unwrap().kill().unwrap();
            other = Some(start_other(&roles, &free.to_string()));
            std::thread::sleep(Duration::from_millis(random.below(600)));
            sleeper.signal(Signal::CONT).unwrap();
        } else {
            roles.kill_and_restart("crashmover").unwrap();
        }
        kills += 1;
    }
    let ids = stream.finish();
    println!("{kills} kills; at most {by_each:?} crashes moved in one life");
    assert!(kills >= 4 && by_each.iter().all(|moved| *moved > 0), "both were at work");

    roles.wait_processed(&ids, PATIENCE);
    wait::until("an empty spool", PATIENCE, || roles.spooled().is_empty().then_some(()));
    let reports = roles.reports().unwrap();
    let expected: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    let (names, _) = stored(&roles);
    assert_eq!(names.len(), CRASHES);
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), expected, "stored once each");
    assert_eq!(reports.len(), CRASHES);
    assert!(ids.iter().all(|id| reports.get(id) == Some(&1)), "shown once each");
    assert!(roles.quarantined().is_empty(), "nothing was taken for another's");
    // A row of the index may come back after a kill: the next scan takes it away, without a job.
    roles.kill_and_restart("monitor").unwrap();
    wait::until("an empty index", PATIENCE, || (stored(&roles).1 == 0).then_some(()));
    let ends = "SELECT count(*), count(DISTINCT uuid) FROM job_outcomes";
    let row = roles.database.client().unwrap().query_one(ends, &[]).unwrap();
    let count = i64::try_from(CRASHES).unwrap();
    assert_eq!((row.get(0), row.get(1)), (count, count), "one job each");
}
