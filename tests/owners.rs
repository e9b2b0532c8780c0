//! Who may do what: one part removes from the spool, one queues, and only the lease's holder ends
//! a job.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::wait;
use rustix::process::Signal;

const WITHIN: Duration = Duration::from_secs(120);

fn count(roles: &Roles, sql: &str) -> i64 {
    roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn without_a_mover_nothing_leaves_the_spool_and_without_a_monitor_nothing_is_queued() {
    let mut roles = Roles::prepare(&[]).unwrap();
    for role in ["collector", "monitor", "processor", "middleware"] {
        roles.start_role(role).unwrap();
    }
    let stream = || {
        Stream::start(roles.address("collector"), &Arc::clone(&roles.crashes), 20, Duration::ZERO)
    };
    let mut ids = stream().finish();
    // Two scans of the spool and of the index go by.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(roles.spooled().len(), ids.len());
    assert_eq!(count(&roles, "SELECT count(*) FROM jobs"), 0);

    roles.take("monitor").unwrap().terminate(WITHIN).unwrap();
    roles.start_role("crashmover").unwrap();
    wait::until("an empty spool", WITHIN, || roles.spooled().is_empty().then_some(()));
    let more =
        Stream::start(roles.address("collector"), &Arc::clone(&roles.crashes), 20, Duration::ZERO);
    ids.extend(more.finish());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(count(&roles, "SELECT count(*) FROM jobs"), 0);
    assert_eq!(count(&roles, "SELECT count(*) FROM job_outcomes"), 0);

    roles.start_role("monitor").unwrap();
    roles.wait_processed(&ids, WITHIN);
}

#[test]
fn a_processor_that_slept_through_its_lease_ends_nothing() {
    let settings = [("AUXILIO_PROCESSOR__LEASE_SECS", "3"), ("AUXILIO_PROCESSOR__WORKERS", "1")];
    let roles = Roles::start(&settings).unwrap();
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        60,
        Duration::from_millis(5),
    );
    // In the middle of its work it holds some jobs at any moment.
    wait::until("jobs under way", WITHIN, || {
        (count(&roles, "SELECT count(*) FROM jobs WHERE state = 'taken'") > 0).then_some(())
    });
    roles.running("processor").unwrap().signal(Signal::STOP).unwrap();
    let ids = stream.finish();
    let held = count(&roles, "SELECT count(*) FROM jobs WHERE state = 'taken'");
    let other = roles
        .start_another("processor", &[("AUXILIO_PROCESSOR__ADMIN_ADDRESS", "127.0.0.1:0")])
        .unwrap();
    roles.wait_processed(&ids, WITHIN);
    let before = count(&roles, "SELECT count(*) FROM job_outcomes");
    roles.running("processor").unwrap().signal(Signal::CONT).unwrap();
    // It wakes, tries to end what it held, is refused, and works on as if new.
    let after =
        Stream::start(roles.address("collector"), &Arc::clone(&roles.crashes), 10, Duration::ZERO);
    let ids = [ids, after.finish()].concat();
    roles.wait_processed(&ids, WITHIN);
    other.terminate(WITHIN).unwrap();

    println!("{held} jobs were held by the sleeper");
    assert!(before >= 60);
    let reports = roles.reports().unwrap();
    assert!(reports.values().all(|count| *count == 1), "one report for each crash");
    wait::until("an empty queue", WITHIN, || {
        (count(&roles, "SELECT count(*) FROM jobs") == 0).then_some(())
    });
    assert_eq!(
        count(&roles, "SELECT count(*) - count(DISTINCT uuid) FROM job_outcomes"),
        0,
        "each job ended once"
    );
    // What the store shows is what the row says.
    let mut client = roles.database.client().unwrap();
    for row in client.query("SELECT uuid, completed_datetime::text FROM reports", &[]).unwrap() {
        let shown = roles.processed(row.get::<_, String>(0).parse().unwrap()).unwrap();
        let stored: String = row.get(1);
        let shown = shown["completed_datetime"].as_str().unwrap().replace('T', " ");
        assert_eq!(shown[..19], stored[..19]);
    }
}
