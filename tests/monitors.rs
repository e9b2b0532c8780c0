//! Two monitors as processes: one is active, and when it is killed the other takes over.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use auxilio_tests::roles::Roles;
use auxilio_tests::{crashes, http, wait};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether a monitor says that it is the active one; `None` if nobody answers.
fn is_active(monitor: SocketAddr) -> Option<bool> {
    let answer = http::get(monitor, "/metrics").ok()?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = text.lines().find(|line| line.starts_with("auxilio_monitor_active_count "))?;
    Some(line.ends_with(" 1"))
}

#[test]
fn killed_monitor_s_standby_takes_over_and_loses_nothing() {
    // The crashmover tells the first monitor alone: the second must find crashes by itself.
    let settings = [("AUXILIO_MONITOR__SCAN_RECENT_EVERY_SECS", "1")];
    let mut roles = Roles::start(&settings).unwrap();
    let first = roles.address("monitor");
    wait::until("an active monitor", PATIENCE, || is_active(first).filter(|active| *active));
    let free_port =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let second = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port));
    let address = second.to_string();
    let _standby = roles
        .start_another("monitor", &[("AUXILIO_MONITOR__ADMIN_ADDRESS", address.as_str())])
        .unwrap();
    let standing_by = wait::until("a second monitor", PATIENCE, || is_active(second));
    assert!(!standing_by, "the first holds the lead");

    let post = |roles: &Roles| {
        let fields = [("ProductName", "Demo"), ("Version", "1.0")];
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
    };
    let mut ids = vec![post(&roles)];
    roles.wait_processed(&ids, PATIENCE);
    ids.push(post(&roles));
    roles.take("monitor").unwrap().kill().unwrap();
    ids.push(post(&roles));
    wait::until("the standby to be active", PATIENCE, || {
        is_active(second).filter(|active| *active)
    });
    ids.push(post(&roles));
    roles.wait_processed(&ids, PATIENCE);
    let reports = roles.reports().unwrap();
    assert!(ids.iter().all(|id| reports.get(id) == Some(&1)), "each has one report: {reports:?}");
}
