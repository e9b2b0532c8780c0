//! The roles as single processes on HBase: kill -9 of each in turn, and a gateway that goes away and
//! comes back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::wait;
use auxilio_thrift::{Client, Config, HbaseStore};

/// Crashes of the stream under kills.
const CRASHES: usize = 300;

/// Crashes that come while there is no gateway.
const DURING_OUTAGE: usize = 100;

/// Time for the system to catch up: leases of the dead must run out.
const CATCH_UP: Duration = Duration::from_secs(180);

/// Roles on an HBase with the store's tables.
fn start(hbase: &Hbase) -> Roles {
    let gateway = hbase.gateways()[0].to_string();
    let config = Config { gateways: vec![gateway.clone()], ..Config::default() };
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    let client = Client::new(&config, clock, random, Arc::new(())).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(HbaseStore::new(client).make_missing_tables()).unwrap();
    Roles::start(&[
        ("AUXILIO_STORE__ENGINE", "hbase"),
        // Settings of roles are texts of the program; this one is known only now.
        ("AUXILIO_HBASE__GATEWAYS", gateway.leak()),
        ("AUXILIO_PROCESSOR__LEASE_SECS", "5"),
    ])
    .unwrap()
}

fn stream(roles: &Roles, count: usize, pause: Duration) -> Stream {
    Stream::start(roles.address("collector"), &Arc::clone(&roles.crashes), count, pause)
}

fn assert_one_report_each(roles: &Roles, acknowledged: &[CrashId]) {
    roles.wait_processed(acknowledged, CATCH_UP);
    wait::until("an empty spool", CATCH_UP, || roles.spooled().is_empty().then_some(()));
    assert_eq!(roles.quarantined().len(), 0);
    let reports = roles.reports().unwrap();
    assert!(acknowledged.iter().all(|id| reports.get(id) == Some(&1)));
    // A collector that is killed between the spool and its answer leaves a crash that its client does
    // not know of and posts again: more reports, but none of them twice.
    assert!(reports.values().all(|count| *count == 1), "{reports:?}");
}

#[test]
fn on_hbase_kills_and_an_outage_of_the_gateway_lose_nothing_and_show_nothing_twice() {
    let hbase = Hbase::start().unwrap();
    let mut roles = start(&hbase);

    let under_kills = stream(&roles, CRASHES, Duration::from_millis(60));
    let mut random = SplitMix::new(7);
    let mut victims = ["processor", "crashmover", "collector", "monitor", "middleware", "webapp"]
        .into_iter()
        .cycle();
    let mut kills = 0;
    while under_kills.acknowledged() < CRASHES {
        std::thread::sleep(Duration::from_millis(150 + random.below(900)));
        roles.kill_and_restart(victims.next().unwrap()).unwrap();
        kills += 1;
    }
    let mut acknowledged = under_kills.finish();
    assert!(kills >= 6, "every role was killed at least once");
    assert_one_report_each(&roles, &acknowledged);

    hbase.kill_gateway(0).unwrap();
    let during = stream(&roles, DURING_OUTAGE, Duration::from_millis(100)).finish();
    // All of it was taken without the store and waits for it.
    assert_eq!(roles.spooled().len(), during.len());
    hbase.start_gateway(0).unwrap();
    acknowledged.extend(during);
    acknowledged.extend(stream(&roles, 20, Duration::ZERO).finish());
    assert_one_report_each(&roles, &acknowledged);
}
