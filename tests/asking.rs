//! Somebody looks at a crash that is not processed yet: the page waits, asks, and becomes the report.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use auxilio_testkit::memcached::Memcached;
use auxilio_tests::http::{self, Answer};
use auxilio_tests::roles::{ROLES, Roles};
use auxilio_tests::{crashes, wait};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a page sends its reader by itself, and after how many seconds.
fn refresh(page: &Answer) -> Option<(u64, String)> {
    let html = page.text();
    let (_, rest) = html.split_once("http-equiv=\"refresh\" content=\"")?;
    let (seconds, path) = rest.split_once('"')?.0.split_once("; url=")?;
    Some((seconds.parse().unwrap(), path.to_owned()))
}

#[test]
fn the_page_of_a_crash_on_its_way_turns_into_the_report_by_itself() {
    let memcached = Memcached::start().unwrap();
    let servers: &'static str = memcached.address().leak();
    let mut roles = Roles::prepare(&[("AUXILIO_MIDDLEWARE__MEMCACHED_SERVERS", servers)]).unwrap();
    for role in ROLES.into_iter().filter(|role| *role != "crashmover") {
        roles.start_role(role).unwrap();
    }
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap();
    let page = |path: &str| http::get(roles.address("webapp"), path).unwrap();
    let mut path = format!("/report/index/{id}");
    let first = page(&path);
    assert_eq!(first.status, 404);
    assert!(first.text().contains("still on its way"), "{}", first.text());
    let ask = format!("/bpapi/crash/processed/by/uuid/{id}");
    let asked = http::get(roles.address("middleware"), &ask).unwrap();
    assert_eq!((asked.status, &asked.json().unwrap()["state"]), (408, &"waiting_for_raw".into()));

    roles.start_role("crashmover").unwrap();
    let page = |path: &str| http::get(roles.address("webapp"), path).unwrap();
    // As a browser does it: it waits as long as it is told, and goes where it is led.
    let report = wait::until("the report", PATIENCE, || {
        let shown = page(&path);
        if let Some((seconds, next)) = refresh(&shown) {
            std::thread::sleep(Duration::from_secs(seconds));
            path = next;
        } else if let Some(line) = shown.head.lines().find(|line| line.starts_with("location: ")) {
            path = line.trim_start_matches("location: ").to_owned();
        } else {
            return Some(shown);
        }
        None
    });
    assert_eq!((report.status, &path), (200, &format!("/report/index/{id}")));
    assert!(report.text().contains("SIGSEGV"), "{}", report.text());

    // The report is kept, and losing what is kept loses nothing.
    wait::until("the report in memcached", PATIENCE, || {
        assert_eq!(page(&path).status, 200);
        (memcached.stat("get_hits").unwrap() > 0).then_some(())
    });
    memcached.stop().unwrap();
    assert_eq!(page(&path).status, 200);
    assert_eq!(http::get(roles.address("middleware"), &ask).unwrap().status, 200);
}
