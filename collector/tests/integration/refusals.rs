//! Submissions that are not taken: each with its status and code, and nothing left behind.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};

use crate::client::{exchange, form, post, read_answer, request};
use crate::server::Server;

/// Files under the spool but for locks, folders and counts.
pub(crate) fn leftovers(server: &Server) -> usize {
    fn count(dir: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| !path.ends_with("counts"))
            .map(|path| {
                let metadata = std::fs::metadata(&path).unwrap();
                if metadata.is_dir() { count(&path) } else { usize::from(metadata.len() > 0) }
            })
            .sum()
    }
    count(server.spool_dir.path())
}

#[test]
fn no_content_type_and_other_methods_and_paths_are_told_apart() {
    let server = Server::start();
    let answer = exchange(
        server.address,
        &[b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"],
    );
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (400, "Discarded=malformed_wrong_content_type")
    );
    assert_eq!(exchange(server.address, &[b"GET /submit HTTP/1.1\r\nHost: x\r\n\r\n"]).status, 405);
    assert_eq!(
        exchange(server.address, &[b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"]).status,
        404
    );
    assert_eq!(
        exchange(server.address, &[b"GET /__heartbeat__ HTTP/1.1\r\nHost: x\r\n\r\n"]).status,
        200
    );
}

#[test]
fn a_length_beyond_the_limit_is_answered_before_the_body_where_the_client_waits() {
    let server = Server::start();
    let head = b"POST /submit HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 26214401\r\n\r\n";
    let answer = exchange(server.address, &[head]);
    assert_eq!((answer.status, answer.body.as_str()), (413, "Discarded=malformed_too_large"));
    assert!(answer.head.to_ascii_lowercase().contains("connection: close"));
}

#[test]
fn a_truncated_gzip_stream_is_refused_at_every_length() {
    let server = Server::start();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&form(&[("name=a", b"1")])).unwrap();
    let zipped = encoder.finish().unwrap();
    for length in 0..zipped.len() {
        let answer = post(server.address, "Content-Encoding: gzip\r\n", &zipped[..length]);
        assert_eq!(answer.status, 400, "{length}: {answer:?}");
    }
    post(server.address, "Content-Encoding: gzip\r\n", &zipped).crash_id();
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let whole = request("", &form(&[("name=a", b"1"), ("name=d; filename=x", &vec![1; 300_000])]));
    stream.write_all(&whole[..200_000]).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(10);
    while leftovers(&server) > 0 {
        assert!(Instant::now() < deadline, "the unfinished file stays");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(server.spooled().is_empty());
}

#[test]
fn a_slow_body_is_cut_and_told_so() {
    let server = Server::start_with(
        |config| {
            config.body_time_max_secs = 1;
            config.drain_time_max_secs = 0;
        },
        |_| {},
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    let whole = request("", &form(&[("name=a", b"1")]));
    stream.write_all(&whole[..whole.len() - 5]).unwrap();
    let answer = read_answer(&mut stream);
    assert_eq!((answer.status, answer.body.as_str()), (408, "Discarded=malformed_too_slow"));
}

#[test]
fn below_the_water_mark_nothing_is_taken_and_the_client_may_try_again() {
    let server = Server::start_with(|_| {}, |spool| spool.free_bytes_min = u64::MAX);
    let answer = post(
        server.address,
        "",
        &form(&[("name=a", b"1"), ("name=d; filename=x", &vec![1; 300_000])]),
    );
    assert_eq!((answer.status, answer.body.as_str()), (503, "Discarded=disk_full"));
    assert!(answer.head.to_ascii_lowercase().contains("retry-after: 60"));
    assert_eq!(
        exchange(server.address, &[b"GET /__heartbeat__ HTTP/1.1\r\nHost: x\r\n\r\n"]).status,
        503
    );
    assert_eq!(leftovers(&server), 0);
}
