//! Heads of requests that never end: cut by their length at once, or by their time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::client::{form, post};
use crate::server::Server;

/// Of HTTP/1.0 a head is looked at before the server's own reader gets it, if it may have a chunked body.
const VERSIONS: [&str; 2] = ["1.0", "1.1"];

/// The length of a head that is answered with 431.
const HEAD_BYTES_MAX: usize = 64 * 1024;

const BEGIN: &str = "POST /submit HTTP/1.0\r\nTransfer-Encoding: chunked\r\n";

fn begun(server: &Server, version: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(BEGIN.replace("1.0", version).as_bytes()).unwrap();
    stream
}

#[test]
fn an_endless_head_is_answered_with_431_at_its_limit_and_read_no_further() {
    let server = Server::start();
    for version in VERSIONS {
        let mut stream = begun(&server, version);
        let line = format!("X: {}\r\n", "x".repeat(1_000));
        // Endless for the reader: it closes long before this has gone out.
        let sent = (0..1 << 20).take_while(|_| stream.write_all(line.as_bytes()).is_ok()).count();
        assert!(sent < 1 << 20, "all of a GiB was read");
        drop(stream);
        // One byte beyond it would reset the connection at its close, and the reset may eat the answer.
        let mut stream = begun(&server, version);
        stream.write_all(&vec![b'x'; HEAD_BYTES_MAX - BEGIN.len()]).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 "), "{version}: {answer}");
    }
    post(server.address, "", &form(&[("name=a", b"1")])).crash_id();
}

#[test]
fn a_head_that_trickles_is_cut_after_its_time_and_leaves_nothing() {
    let server = Server::start_with(|config| config.head_time_max_secs = 1, |_| {});
    for version in VERSIONS {
        let mut stream = begun(&server, version);
        // Twenty seconds at the least: less than the time that holds where none is set.
        let cut = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(100));
            stream.write_all(b"X: x\r\n").err()
        });
        assert!(cut.is_some(), "HTTP/{version}: a head went on and on");
        let mut answer = Vec::new();
        // A reset or an end: there was no request to be answered.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty(), "{}", answer.escape_ascii());
    }
    post(server.address, "", &form(&[("name=a", b"1")])).crash_id();
    assert_eq!(server.spooled().len(), 1);
}
