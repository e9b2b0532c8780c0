//! kill -9 of anything at any instant: no acknowledged crash is lost, none is shown twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::roles::{self, Roles};
use auxilio_tests::stream::Stream;
use auxilio_tests::up::Up;
use auxilio_tests::wait;

/// Crashes of each stream.
const CRASHES: usize = 300;

/// Time for the system to catch up after the last kill: leases of the dead must run out.
const CATCH_UP: Duration = Duration::from_secs(180);

/// Kills go on until the stream is over, at instants that the seed chooses.
fn while_streaming(stream: &Stream, seed: u64, mut kill: impl FnMut()) -> usize {
    let mut random = SplitMix::new(seed);
    let mut kills = 0;
    while stream.acknowledged() < CRASHES {
        std::thread::sleep(Duration::from_millis(150 + random.below(900)));
        kill();
        kills += 1;
    }
    kills
}

#[test]
fn each_role_killed_in_turn_loses_nothing_and_shows_nothing_twice() {
    let mut roles = Roles::start(&[("AUXILIO_PROCESSOR__LEASE_SECS", "5")]).unwrap();
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        CRASHES,
        Duration::from_millis(60),
    );
    let mut victims = ["processor", "crashmover", "collector", "monitor", "middleware", "webapp"]
        .into_iter()
        .cycle();
    let kills =
        while_streaming(&stream, 3, || roles.kill_and_restart(victims.next().unwrap()).unwrap());
    let acknowledged = stream.finish();
    println!("{kills} kills under {} crashes", acknowledged.len());
    assert!(kills >= 6, "every role was killed at least once");

    roles.wait_processed(&acknowledged, CATCH_UP);
    wait::until("an empty spool", CATCH_UP, || roles.spooled().is_empty().then_some(()));
    let reports = roles.reports().unwrap();
    let unique: BTreeSet<CrashId> = acknowledged.iter().copied().collect();
    assert_eq!(unique.len(), CRASHES, "no id was given out twice");
    for id in &unique {
        assert_eq!(reports.get(id), Some(&1), "{id} has one report");
    }
    assert!(reports.values().all(|count| *count == 1), "no report is there twice");
    let mut client = roles.database.client().unwrap();
    wait::until("an empty queue", CATCH_UP, || {
        let left: i64 = client.query_one("SELECT count(*) FROM jobs", &[]).ok()?.get(0);
        (left == 0).then_some(())
    });
}

#[test]
fn up_killed_as_a_whole_loses_nothing_and_starts_again() {
    let mut up = Up::start().unwrap();
    let crashes = Arc::clone(&up.crashes);
    let stream =
        Stream::start(up.address("collector"), &crashes, CRASHES, Duration::from_millis(20));
    let kills = while_streaming(&stream, 5, || {
        up.take().unwrap().kill().unwrap();
        up.start_again().unwrap();
    });
    let acknowledged = stream.finish();
    println!("{kills} kills under {} crashes", acknowledged.len());
    assert!(kills >= 2);

    roles::wait_processed(up.address("middleware"), &acknowledged, CATCH_UP);
    wait::until("an empty queue", CATCH_UP, || {
        (up.count("SELECT count(*) FROM jobs").ok()? == 0).then_some(())
    });
    assert_eq!(up.count("SELECT count(*) FROM (SELECT uuid FROM reports GROUP BY uuid HAVING count(*) > 1) twice").unwrap(), 0);
    assert!(up.count("SELECT count(*) FROM reports").unwrap() >= i64::try_from(CRASHES).unwrap());
}
