//! Stopping: the first signal lets everything held be finished, the second one cuts.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use auxilio_tests::crashes;
use auxilio_tests::roles::{ROLES, Roles};
use auxilio_tests::stream::Stream;
use rustix::process::Signal;

/// The deadline of the configuration below, and some time for a busy machine.
const WITHIN: Duration = Duration::from_secs(40);

#[test]
fn every_role_drains_on_sigterm_under_load_and_starts_again() {
    let mut roles = Roles::start(&[("AUXILIO_SERVICE__SHUTDOWN_DEADLINE_SECS", "30")]).unwrap();
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        150,
        Duration::from_millis(40),
    );
    for role in ROLES {
        let status = roles.take(role).unwrap().terminate(WITHIN).unwrap();
        assert!(status.success(), "the {role} ended with {status}: {}", roles.log_text(role));
        roles.start_role(role).unwrap();
    }
    let ids = stream.finish();
    roles.wait_processed(&ids, Duration::from_secs(120));
    // Nothing was cut, so nobody had to wait for a lease to run out.
    let mut client = roles.database.client().unwrap();
    let left: i64 =
        client.query_one("SELECT count(*) FROM jobs WHERE state = 'taken'", &[]).unwrap().get(0);
    assert_eq!(left, 0);
}

#[test]
fn a_submission_under_way_is_finished_after_the_signal_and_new_ones_are_not_taken() {
    let mut roles = Roles::prepare(&[]).unwrap();
    roles.start_role("collector").unwrap();
    let address = roles.address("collector");
    let (boundary, body) = crashes::form(&[("ProductName", "Demo")], Some(&roles.crashes.segv));
    let head = format!(
        "POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..1_000]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let mut collector = roles.take("collector").unwrap();
    collector.signal(Signal::TERM).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(collector.ended().unwrap().is_none(), "it waits for what is under way");
    assert!(TcpStream::connect(address).is_err(), "nothing new is taken");
    stream.write_all(&body[1_000..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("CrashID=bp-"), "{answer}");
    assert!(collector.wait(WITHIN).unwrap().success());
    assert_eq!(roles.spooled().len(), 1);
}

#[test]
fn a_second_signal_cuts_a_submission_that_never_ends() {
    let mut roles = Roles::prepare(&[]).unwrap();
    roles.start_role("collector").unwrap();
    let mut stream = TcpStream::connect(roles.address("collector")).unwrap();
    stream.write_all(b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 99\r\n\r\n--B").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let mut collector = roles.take("collector").unwrap();
    collector.signal(Signal::TERM).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    collector.signal(Signal::TERM).unwrap();
    collector.wait(Duration::from_secs(10)).unwrap();
    assert!(roles.spooled().is_empty());
}

#[test]
fn the_deadline_after_one_signal_cuts_a_submission_that_never_ends() {
    let mut roles = Roles::prepare(&[("AUXILIO_SERVICE__SHUTDOWN_DEADLINE_SECS", "1")]).unwrap();
    roles.start_role("collector").unwrap();
    let mut stream = TcpStream::connect(roles.address("collector")).unwrap();
    stream.write_all(b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 99\r\n\r\n--B").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let collector = roles.take("collector").unwrap();
    assert!(collector.terminate(Duration::from_secs(20)).unwrap().success());
    assert!(roles.spooled().is_empty());
}
