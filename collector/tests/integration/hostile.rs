//! Every kind of malformed request: its status and code, nothing stored, and the next client is served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::client::{Answer, exchange, form, post, read_answer, request, send_when_asked};
use crate::codings::{BODY, header, pack};
use crate::refusals::leftovers;
use crate::server::Server;

/// A request for the table: what is wrong with it, its bytes, the status and the code.
type Case = (&'static str, Vec<u8>, u16, &'static str);

fn field() -> Vec<u8> {
    form(&[("name=a", b"1")])
}

/// A request with its own head lines, and a length.
fn raw(lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /submit HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn typed(content_type: &str) -> Vec<u8> {
    raw(&format!("Content-Type: {content_type}\r\n"), &field())
}

fn heads() -> Vec<Case> {
    let mut cases = vec![("no type", raw("", &field()), 400, "malformed_wrong_content_type")];
    for (content_type, code) in [
        ("text/plain", "malformed_wrong_content_type"),
        ("multipart/form-datax; boundary=B", "malformed_wrong_content_type"),
        ("application/x-www-form-urlencoded", "malformed_wrong_content_type"),
        ("multipart/form-data", "malformed_no_boundary"),
        ("multipart/form-data; boundary", "malformed_no_boundary"),
        ("multipart/form-data; boundary=", "malformed_no_boundary"),
        ("multipart/form-data; boundary=\"\"", "malformed_no_boundary"),
        ("multipart/form-data; xboundary=B", "malformed_no_boundary"),
    ] {
        cases.push((content_type, typed(content_type), 400, code));
    }
    let long = format!("multipart/form-data; boundary={}", "B".repeat(101));
    cases.push(("a long boundary", typed(&long), 400, "malformed_no_boundary"));
    for coding in ["lzma", "xz", "compress", "gzip, gzip", "gzip\r\nContent-Encoding: br"] {
        let lines = format!("Content-Encoding: {coding}\r\n");
        let bytes = request(&lines, &field());
        cases.push((coding, bytes, 415, "malformed_unknown_encoding"));
    }
    cases
}

fn structures() -> Vec<Case> {
    let broken =
        |what, body: &[u8]| (what, request("", body), 400, "malformed_invalid_payload_structure");
    let long_head =
        [b"--B\r\nX: ".as_slice(), &vec![b'x'; 16 * 1024], b"\r\n\r\n1\r\n--B--"].concat();
    vec![
        broken("nothing", b""),
        broken("one byte", b"-"),
        broken("another boundary", b"--C\r\n\r\n1\r\n--C--"),
        broken("no end", b"--B\r\n\r\nx"),
        broken("half an end", b"--B\r\n\r\nx\r\n--B-"),
        broken("an end within a head", b"--B\r\nContent-Disposition: form-data; name=a"),
        broken("rubbish behind a delimiter", b"--B\r\n\r\n1\r\n--Brubbish\r\n\r\n--B--"),
        broken("bare line feeds", b"--B\n\n1\n--B--\n"),
        broken("a long head", &long_head),
        ("no parts", request("", b"--B--"), 400, "malformed_no_annotations"),
        (
            "only a file",
            request("", &form(&[("name=d; filename=x", b"MDMP")])),
            400,
            "malformed_no_annotations",
        ),
    ]
}

fn parts() -> Vec<Case> {
    let json = |what, text: &[u8], code| {
        (what, request("", &form(&[("name=extra; filename=x", text)])), 400, code)
    };
    let deep = "[".repeat(100_000);
    let big = vec![0; 20 * 1024 * 1024 + 1];
    let long_json = format!("{{\"a\":\"{}\"}}", "x".repeat(4 * 1024 * 1024));
    let files: Vec<(String, &[u8])> =
        (0..33).map(|number| (format!("name=f{number}; filename=x"), b"1".as_slice())).collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let uuid = form(&[("name=uuid", b"0b794045-87ec-4649-9ce1-73ec00120824"), ("name=a", b"1")]);
    vec![
        json("no JSON", b"{", "malformed_invalid_json"),
        json("empty JSON", b"", "malformed_invalid_json"),
        json("two objects", b"{}{}", "malformed_invalid_json"),
        json("deep JSON", deep.as_bytes(), "malformed_invalid_json"),
        json("a list", b"[]", "malformed_invalid_json_value"),
        json("a number", b"1", "malformed_invalid_json_value"),
        json("an empty object", b"{}", "malformed_no_annotations"),
        (
            "long JSON",
            request("", &form(&[("name=extra; filename=x", long_json.as_bytes())])),
            413,
            "malformed_too_large",
        ),
        (
            "a large dump",
            request("", &form(&[("name=a", b"1"), ("name=d; filename=x", &big)])),
            413,
            "malformed_too_large",
        ),
        ("many files", request("", &form(&files)), 413, "malformed_too_large"),
        ("an id without a token", request("", &uuid), 401, "unauthorized_uuid"),
        ("a wrong token", request("Authorization: Bearer no\r\n", &uuid), 401, "unauthorized_uuid"),
    ]
}

fn codings() -> Vec<Case> {
    let mut cases = Vec::new();
    for (coding, code) in BODY.into_iter().zip([
        "malformed_bad_gzip",
        "malformed_bad_deflate",
        "malformed_bad_deflate",
        "malformed_bad_zstd",
        "malformed_bad_br",
    ]) {
        let packed = pack(coding, &field());
        let cut = &packed[..packed.len() - 1];
        let behind = [packed.as_slice(), b"rubbish"].concat();
        for body in [field().as_slice(), b"", cut, &behind] {
            cases.push((coding, request(&header(coding), body), 400, code));
        }
    }
    cases
}

fn check(server: &Server, (what, bytes, status, code): Case) -> Answer {
    let answer = exchange(server.address, &[&bytes]);
    let expected = (status, format!("Discarded={code}"));
    assert_eq!((answer.status, answer.body.clone()), expected, "{what}");
    assert!(answer.head.contains(&format!("\r\nContent-Length: {}", expected.1.len())), "{what}");
    answer
}

#[test]
fn each_fault_has_its_status_and_code_and_leaves_nothing() {
    let server = Server::start();
    for case in [heads(), structures(), parts(), codings()].into_iter().flatten() {
        let what = case.0;
        let answer = check(&server, case);
        assert!(!answer.body.contains("CrashID") && !answer.head.contains("CrashID"));
        assert_eq!(leftovers(&server), 0, "{what}");
    }
    post(server.address, "", &field()).crash_id();
}

#[test]
fn what_is_no_http_is_refused_and_the_next_client_is_served() {
    let server = Server::start();
    let chunked = "POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n";
    let old = chunked.replace("HTTP/1.1", "HTTP/1.0");
    let long = format!("POST /submit HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(600_000));
    for (what, bytes) in [
        ("rubbish", "rubbish\r\n\r\n".to_owned()),
        ("a length that is none", "POST /submit HTTP/1.1\r\nContent-Length: x\r\n\r\n".into()),
        (
            "two lengths",
            "POST /submit HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx".into(),
        ),
        ("a chunk length that is none", format!("{chunked}zz\r\n")),
        ("the same of HTTP/1.0", format!("{old}zz\r\n")),
        ("a chunk longer than said", format!("{chunked}1\r\nxxx\r\n0\r\n\r\n")),
        ("a long head", long),
        ("a part of a body, then nothing", format!("{chunked}5\r\n--B\r\n")),
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.write_all(bytes.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        // Some are answered, on some the connection ends: none is taken.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.windows(8).any(|eight| eight == b"CrashID="), "{what}");
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{what}: {answer:?}");
    }
    post(server.address, "", &field()).crash_id();
    assert_eq!(server.spooled().len(), 1);
}

#[test]
fn who_was_asked_for_its_body_is_read_to_the_end_and_served_again() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let body = [b"--Brubbish".as_slice(), &vec![0; 300_000]].concat();
    let whole = request("Expect: 100-continue\r\n", &body);
    send_when_asked(&mut stream, &whole, body.len());
    let answer = read_answer(&mut stream);
    assert_eq!(answer.status, 400);
    assert!(!answer.head.contains("Connection: close"));
    stream.write_all(&request("", &field())).unwrap();
    read_answer(&mut stream).crash_id();
}

#[test]
fn the_answer_waits_for_the_bodys_last_byte() {
    let server = Server::start();
    for body in [field(), b"--Brubbish\r\n".to_vec()] {
        let epilogue = vec![b' '; 100_000];
        let whole = request("", &[body, epilogue].concat());
        let (most, last) = whole.split_at(whole.len() - 1);
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(most).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let early = stream.read(&mut [0; 100]);
        assert!(early.is_err(), "the answer came before the last byte: {early:?}");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(last).unwrap();
        let answer = read_answer(&mut stream);
        assert!(matches!(answer.status, 200 | 400));
    }
}

#[test]
fn a_body_in_chunks_of_one_byte_costs_no_more_than_its_length() {
    let server = Server::start();
    let dump = vec![7; 100_000];
    let body = form(&[("name=a", b"1"), ("name=d; filename=x", &dump)]);
    for (lines, body) in [("", body.clone()), ("Content-Encoding: zstd\r\n", pack("zstd", &body))] {
        let mut bytes = format!("POST /submit HTTP/1.1\r\nHost: x\r\n{lines}Content-Type: multipart/form-data; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
        for byte in &body {
            bytes.extend_from_slice(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        exchange(server.address, &[&bytes]).crash_id();
    }
}
