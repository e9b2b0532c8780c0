//! More than a collector takes on: whoever is too many keeps his crash and is told to come again, and the others
//! are served.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::client::{form, post, read_answer, request};
use crate::server::Server;

static DUMP: [u8; 100_000] = [7; 100_000];

fn whole_request() -> Vec<u8> {
    request("", &form(&[("name=ProductName", b"Demo"), ("name=d; filename=x", &DUMP)]))
}

/// A client that has sent all but the end of its body.
fn half_sent(server: &Server) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let mut whole = whole_request();
    let rest = whole.split_off(whole.len() - 1_000);
    stream.write_all(&whole).unwrap();
    (stream, rest)
}

fn wait_until(what: &str, met: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !met() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Unfinished files.
fn unfinished(server: &Server) -> usize {
    let instances = std::fs::read_dir(server.spool_dir.path().join("tmp")).unwrap();
    instances.map(|instance| std::fs::read_dir(instance.unwrap().path()).unwrap().count()).sum()
}

fn expect_come_again(server: &Server) {
    let answer =
        post(server.address, "", &form(&[("name=a", b"1"), ("name=d; filename=x", &DUMP)]));
    assert_eq!((answer.status, answer.body.as_str()), (503, "Discarded=overloaded"));
    assert!(answer.head.to_ascii_lowercase().contains("retry-after: "), "{}", answer.head);
}

#[test]
fn beyond_its_submissions_or_bytes_it_sends_clients_away_until_others_have_ended() {
    for (submissions, bytes) in [(3, u64::MAX), (1_000, 350_000)] {
        let server = Server::start_with(
            |config| {
                config.submissions_in_flight_max = submissions;
                config.bytes_in_flight_max = bytes;
            },
            |_| {},
        );
        let waiting: Vec<_> = (0..3).map(|_| half_sent(&server)).collect();
        wait_until("three under way", || unfinished(&server) == 3);
        expect_come_again(&server);
        assert_eq!(unfinished(&server), 3, "a byte was stored");
        for (mut stream, rest) in waiting {
            stream.write_all(&rest).unwrap();
            assert_eq!(read_answer(&mut stream).status, 200);
        }
        let answer = post(server.address, "", &form(&[("name=a", b"1")]));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[test]
fn who_waits_to_be_asked_for_his_body_is_sent_away_without_it() {
    let server = Server::start_with(|config| config.submissions_in_flight_max = 0, |_| {});
    let whole = request("Expect: 100-continue\r\n", &form(&[("name=a", b"1")]));
    let head = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&whole[..head]).unwrap();
    let answer = read_answer(&mut stream);
    assert_eq!((answer.status, answer.body.as_str()), (503, "Discarded=overloaded"));
    assert!(answer.head.to_ascii_lowercase().contains("connection: close"), "{}", answer.head);
}

#[test]
fn a_body_that_stands_still_is_cut_and_one_that_trickles_is_not() {
    let server = Server::start_with(
        |config| {
            config.body_stall_max_secs = 2;
            config.drain_time_max_secs = 0;
        },
        |_| {},
    );
    let (mut still, _) = half_sent(&server);
    let (mut slow, rest) = half_sent(&server);
    for piece in rest.chunks(rest.len() / 6 + 1) {
        std::thread::sleep(Duration::from_millis(600));
        slow.write_all(piece).unwrap();
    }
    assert_eq!(read_answer(&mut slow).status, 200);
    let answer = read_answer(&mut still);
    assert_eq!((answer.status, answer.body.as_str()), (408, "Discarded=malformed_too_slow"));
    wait_until("nothing unfinished", || unfinished(&server) == 0);
}

#[test]
fn a_spool_that_holds_what_it_may_takes_no_more_until_something_is_carried_away() {
    let server = Server::start_with(|_| {}, |spool| spool.total_bytes_max = 150_000);
    let send =
        || post(server.address, "", &form(&[("name=a", b"1"), ("name=d; filename=x", &DUMP)]));
    wait_until("a full spool", || send().body == "Discarded=disk_full");
    let taken = server.spooled();
    assert!(taken.len() >= 2);
    for minute in std::fs::read_dir(server.spool_dir.path().join("standard")).unwrap() {
        for file in std::fs::read_dir(minute.unwrap().path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    wait_until("a spool that takes again", || send().status == 200);
}

#[test]
fn a_thousand_idle_and_half_open_connections_keep_nobody_out() {
    let server = Server::start();
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        match number % 4 {
            // Half a head; a head without its body; half a connection; not a byte.
            0 => stream.write_all(b"POST /submit HTTP/1.1\r\nHost: x\r\n").unwrap(),
            1 => stream
                .write_all(
                    b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\
                      Content-Type: multipart/form-data; boundary=B\r\n\r\n",
                )
                .unwrap(),
            2 => stream.shutdown(Shutdown::Write).unwrap(),
            _ => {}
        }
        idle.push(stream);
    }
    for _ in 0..20 {
        let answer = post(server.address, "", &form(&[("name=ProductName", b"Demo")]));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    // Half a connection that asked for nothing is closed at once.
    let mut bytes = Vec::new();
    idle[2].read_to_end(&mut bytes).unwrap();
    drop(idle);
    wait_until("nothing unfinished", || unfinished(&server) == 0);
    assert_eq!(server.spooled().len(), 20);
}
