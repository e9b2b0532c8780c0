//! Outages: the collector needs its disk alone; everything catches up by itself.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::{crashes, http, wait};

const CATCH_UP: Duration = Duration::from_secs(120);

#[test]
fn postgres_down_for_a_minute_delays_reports_and_loses_none() {
    let roles = Roles::start(&[]).unwrap();
    let stream = |count| {
        Stream::start(
            roles.address("collector"),
            &Arc::clone(&roles.crashes),
            count,
            Duration::from_millis(200),
        )
    };
    let before = stream(20).finish();
    roles.wait_processed(&before[..5], CATCH_UP);
    roles.database.server.stop().unwrap();
    let started = std::time::Instant::now();
    let during = stream(100).finish();
    // Everything was taken while Postgres was away, and all of it has left the spool for the store.
    wait::until("an empty spool", CATCH_UP, || roles.spooled().is_empty().then_some(()));
    std::thread::sleep(Duration::from_secs(60).saturating_sub(started.elapsed()));
    roles.database.server.start().unwrap();
    let after = stream(20).finish();
    let all = [before, during, after].concat();
    roles.wait_processed(&all, CATCH_UP);
    let reports = roles.reports().unwrap();
    assert_eq!(reports.len(), all.len());
    assert!(reports.values().all(|count| *count == 1));
}

#[test]
fn a_store_that_can_not_be_written_leaves_crashes_in_the_spool_until_it_can() {
    let roles = Roles::start(&[]).unwrap();
    let first = crashes::post(
        roles.address("collector"),
        &[("ProductName", "Demo")],
        Some(&roles.crashes.segv),
    )
    .unwrap();
    roles.wait_processed(&[first], CATCH_UP);
    let store = roles.dir.path().join("store");
    let mut folders = vec![store.clone()];
    let mut next = 0;
    while next < folders.len() {
        let inner: Vec<_> = std::fs::read_dir(&folders[next])
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        folders.extend(inner);
        next += 1;
    }
    let allow = |mode| {
        for folder in &folders {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        50,
        Duration::from_millis(20),
    );
    let during = stream.finish();
    // The mover tries, fails, and says so; nothing leaves the spool and nothing is quarantined.
    wait::until("a failed put", CATCH_UP, || {
        let metrics = http::get(roles.address("crashmover"), "/metrics").ok()?.text();
        metrics.contains("auxilio_crashmover_puts_failed_total").then_some(())
    });
    assert_eq!(roles.spooled().len(), during.len());
    allow(0o755);
    roles.wait_processed(&during, CATCH_UP);
    wait::until("an empty spool", CATCH_UP, || roles.spooled().is_empty().then_some(()));
}

#[test]
fn the_collector_alone_takes_crashes_and_the_rest_finds_them_later() {
    let mut roles = Roles::prepare(&[]).unwrap();
    roles.database.server.stop().unwrap();
    roles.start_role("collector").unwrap();
    let stream =
        Stream::start(roles.address("collector"), &Arc::clone(&roles.crashes), 30, Duration::ZERO);
    let ids = stream.finish();
    assert_eq!(roles.spooled().len(), ids.len());
    // Roles that need Postgres start without it and wait.
    for role in ["crashmover", "monitor", "processor", "middleware"] {
        roles.start_role(role).unwrap();
    }
    wait::until("an empty spool", CATCH_UP, || roles.spooled().is_empty().then_some(()));
    roles.database.server.start().unwrap();
    roles.wait_processed(&ids, CATCH_UP);
}
