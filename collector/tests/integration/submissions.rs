//! Submissions that are taken.

use std::io::Write;

use auxilio_common::Payload;
use flate2::{Compression, write::GzEncoder};

use crate::client::{exchange, form, post, read_answer, request, send_when_asked};
use crate::server::{Server, TOKEN, bytes_of};

const DUMP: &str = "name=\"upload_file_minidump\"; filename=\"x.dmp\"";

#[test]
fn fields_and_dumps_in_any_order_are_spooled_before_the_answer() {
    let server = Server::start();
    let dump = vec![7_u8; 100_000];
    let body = form(&[
        (DUMP, &dump),
        ("name=ProductName", b"Demo"),
        ("name=\"prod\"", b"x"),
        ("name=ver", b"1.0"),
    ]);
    let answer = post(server.address, "User-Agent: test/1\r\n", &body);
    let (crash, envelope) = server.crash(answer.crash_id());
    assert_eq!(crash.annotations["ProductName"], "Demo");
    assert_eq!(crash.annotations["Version"], "1.0");
    assert_eq!(crash.metadata.payload, Payload::Multipart);
    assert_eq!(crash.metadata.payload_size, body.len() as u64);
    assert_eq!(crash.metadata.user_agent.as_deref(), Some("test/1"));
    assert_eq!(crash.metadata.submitted_timestamp.day(), Some(crash.crash_id.day()));
    assert_eq!(bytes_of(&envelope, "upload_file_minidump"), dump);
    assert!(answer.head.contains("text/plain"));
}

#[test]
fn a_long_user_agent_is_cut_with_a_note() {
    let server = Server::start();
    // The limit falls into the middle of a character.
    let long = format!("x{}", "ä".repeat(1_000));
    let body = form(&[("name=ProductName", b"Demo")]);
    for (sent, kept) in [(&long[..511], 511), (&long, 511)] {
        let answer = post(server.address, &format!("User-Agent: {sent}\r\n"), &body);
        let (crash, _) = server.crash(answer.crash_id());
        assert_eq!(crash.metadata.user_agent.as_deref(), Some(&long[..kept]));
        let notes = crash.metadata.collector_notes;
        let expected: &[&str] =
            if sent.len() > kept { &["User-Agent of 2001 bytes was cut to 511"] } else { &[] };
        assert_eq!(notes, expected);
    }
}

#[test]
fn a_json_part_wins_over_fields_and_is_found_by_its_type_or_its_name() {
    let server = Server::start();
    let body = b"--B\r\ncontent-type: Application/JSON\r\nContent-Disposition: form-data; name=\"extra\"; filename=\"blob\"\r\n\r\n{\"ProductName\":\"Json\"}\r\n--B\r\nContent-Disposition: form-data; name=ProductName\r\n\r\nField\r\n--B--";
    let (crash, _) = server.crash(post(server.address, "", body).crash_id());
    assert_eq!(crash.annotations["ProductName"], "Json");
    assert_eq!(crash.metadata.payload, Payload::Both);
    let body = form(&[("name=\"extra\"; filename=\"extra.json\"", br#"{"ProductName":"Json"}"#)]);
    let (crash, _) = server.crash(post(server.address, "", &body).crash_id());
    assert_eq!(crash.metadata.payload, Payload::Json);
}

#[test]
fn chunked_gzip_with_tiny_chunks_is_read() {
    let server = Server::start();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&form(&[("name=a", b"1"), (DUMP, &[5; 3_000])])).unwrap();
    let zipped = encoder.finish().unwrap();
    let mut bytes = b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n".to_vec();
    for chunk in zipped.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let (crash, envelope) = server.crash(exchange(server.address, &[&bytes]).crash_id());
    assert!(crash.metadata.payload_compressed);
    assert_eq!(bytes_of(&envelope, "upload_file_minidump"), [5; 3_000]);
}

#[test]
fn expect_100_continue_is_answered_and_the_connection_serves_again() {
    let server = Server::start();
    let body = form(&[("name=a", b"1")]);
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let whole = request("Expect: 100-continue\r\n", &body);
    send_when_asked(&mut stream, &whole, body.len());
    let first = read_answer(&mut stream).crash_id();
    stream.write_all(&request("", &body)).unwrap();
    assert_ne!(first, read_answer(&mut stream).crash_id());
}

#[test]
fn odd_names_lose_their_field_and_never_the_crash() {
    let server = Server::start();
    let mut body =
        b"--B\r\nContent-Disposition: form-data; name=\"\x90\x91\"\r\n\r\n8\r\n".to_vec();
    body.extend_from_slice(&form(&[
        ("name=\"\"", b"8"),
        ("name=a", b"1\r\n"),
        ("name=bad", b"\xff"),
        ("name=f; filename=\"\"", b""),
    ]));
    let (crash, _) = server.crash(post(server.address, "", &body).crash_id());
    assert_eq!(crash.annotations.len(), 1);
    assert_eq!(crash.annotations["a"], "1\r\n");
    assert_eq!(crash.metadata.collector_notes.len(), 4, "{:?}", crash.metadata.collector_notes);
}

#[test]
fn several_dumps_of_one_name_and_empty_ones_are_all_kept() {
    let server = Server::start();
    let body = form(&[
        ("name=a", b"1"),
        (DUMP, b"one"),
        (DUMP, b"two"),
        ("name=memory_report; filename=m.gz", b""),
    ]);
    let (crash, envelope) = server.crash(post(server.address, "", &body).crash_id());
    let names: Vec<_> = crash.dumps.iter().map(|dump| dump.name.as_str()).collect();
    assert_eq!(names, ["upload_file_minidump", "upload_file_minidump_2", "memory_report"]);
    assert_eq!(bytes_of(&envelope, "upload_file_minidump_2"), b"two");
    assert_eq!(bytes_of(&envelope, "memory_report"), b"");
}

#[test]
fn a_crash_without_a_dump_is_a_crash() {
    let server = Server::start();
    let body =
        form(&[("name=JavaStackTrace", b"java.lang.Error: x"), ("name=ProductName", b"Fenix")]);
    let (crash, _) = server.crash(post(server.address, "", &body).crash_id());
    assert!(crash.dumps.is_empty());
}

#[test]
fn a_submitter_with_a_token_chooses_the_id_and_its_day() {
    let server = Server::start();
    let id = "0b794045-87ec-4649-9ce1-73ec00120824";
    let body = form(&[
        ("name=uuid", id.as_bytes()),
        ("name=submitted_timestamp", b"2012-08-24T10:00:00Z"),
        ("name=a", b"1"),
    ]);
    let lines = format!("Authorization: Bearer {TOKEN}\r\n");
    let answer = post(server.address, &lines, &body);
    assert_eq!(answer.crash_id().to_string(), id);
    let (crash, _) = server.crash(answer.crash_id());
    assert!(crash.metadata.id_supplied);
    assert_eq!(crash.metadata.submitted_timestamp.to_string(), "2012-08-24T10:00:00.000000+00:00");
    assert!(crash.metadata.received_at > crash.metadata.submitted_timestamp);
    assert!(!crash.annotations.contains_key("uuid"));
}
