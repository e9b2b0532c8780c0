//! Two monitors as processes: one is active, and when it is killed, or stands still, the other takes
//! over. Two that are active at once for a moment do no harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::{crashes, http, wait};
use rustix::process::Signal;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The crashmover tells the first monitor alone: the second must find crashes by itself.
const SETTINGS: [(&str, &str); 1] = [("AUXILIO_MONITOR__SCAN_RECENT_EVERY_SECS", "1")];

/// Whether a monitor says that it is the active one; `None` if nobody answers.
fn is_active(monitor: SocketAddr) -> Option<bool> {
    let answer = http::get(monitor, "/metrics").ok()?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = text.lines().find(|line| line.starts_with("auxilio_monitor_active_count "))?;
    Some(line.ends_with(" 1"))
}

fn wait_active(monitor: SocketAddr) {
    wait::until("an active monitor", PATIENCE, || is_active(monitor).filter(|active| *active));
}

/// Starts a second monitor beside the active one.
fn standby(roles: &Roles) -> (SocketAddr, Process) {
    wait_active(roles.address("monitor"));
    let free_port =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let second = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port));
    let address = second.to_string();
    let process = roles
        .start_another("monitor", &[("AUXILIO_MONITOR__ADMIN_ADDRESS", address.as_str())])
        .unwrap();
    let standing_by = wait::until("a second monitor", PATIENCE, || is_active(second));
    assert!(!standing_by, "the first holds the lead");
    (second, process)
}

#[test]
fn killed_monitor_s_standby_takes_over_and_loses_nothing() {
    let mut roles = Roles::start(&SETTINGS).unwrap();
    let (second, _process) = standby(&roles);
    let post = |roles: &Roles| {
        let fields = [("ProductName", "Demo"), ("Version", "1.0")];
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
    };
    let mut ids = vec![post(&roles)];
    roles.wait_processed(&ids, PATIENCE);
    ids.push(post(&roles));
    roles.take("monitor").unwrap().kill().unwrap();
    ids.push(post(&roles));
    wait_active(second);
    ids.push(post(&roles));
    roles.wait_processed(&ids, PATIENCE);
    let reports = roles.reports().unwrap();
    assert!(ids.iter().all(|id| reports.get(id) == Some(&1)), "each has one report: {reports:?}");
}

#[test]
fn a_monitor_that_sleeps_loses_the_lead_and_wakes_beside_the_new_one_to_no_harm() {
    let roles = Roles::start(&SETTINGS).unwrap();
    let (second, standby) = standby(&roles);
    let first = roles.address("monitor");
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        400,
        Duration::from_millis(100),
    );
    // Each falls asleep in the middle of its work, and the other takes over.
    let monitors = [(first, roles.running("monitor").unwrap()), (second, &standby)];
    for [(_, sleeper), (other, _)] in [monitors, [monitors[1], monitors[0]]] {
        wait::until("crashes under way", PATIENCE, || {
            let left = "SELECT count(*) FROM jobs";
            (roles.database.client().ok()?.query_one(left, &[]).ok()?.get::<_, i64>(0) > 0)
                .then_some(())
        });
        sleeper.signal(Signal::STOP).unwrap();
        wait_active(other);
        sleeper.signal(Signal::CONT).unwrap();
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("{} crashes came meanwhile", stream.acknowledged());
    let ids = stream.finish();
    roles.wait_processed(&ids, PATIENCE);
    let both = (is_active(first), is_active(second));
    assert_eq!(both, (Some(true), Some(false)), "one leads, and knows it");

    let reports = roles.reports().unwrap();
    assert_eq!(reports.len(), ids.len());
    assert!(ids.iter().all(|id| reports.get(id) == Some(&1)), "each has one report");
    let ends = "SELECT count(*), count(DISTINCT uuid) FROM job_outcomes";
    let row = roles.database.client().unwrap().query_one(ends, &[]).unwrap();
    let count = i64::try_from(ids.len()).unwrap();
    assert_eq!((row.get(0), row.get(1)), (count, count), "each had one job");
}
