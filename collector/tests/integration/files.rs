//! Files of a form: what they are called, what they are packed in, and what is kept of them.

use std::net::SocketAddr;

use auxilio_common::RawCrash;
use auxilio_spool::Envelope;

use crate::client::{exchange, form, post};
use crate::codings::{BODY, PART, header, pack};
use crate::server::{Server, bytes_of};

const DUMP: &str = "name=\"upload_file_minidump\"; filename=\"x.dmp\"";
const NAME: &str = "upload_file_minidump";

/// Bytes that begin as a minidump does and compress as one does.
fn minidump(bytes: usize) -> Vec<u8> {
    let mut dump = b"MDMP\x93\xa7\0\0".to_vec();
    dump.extend((0..bytes).map(|place| (place % 251 * (place / 1_003)).to_le_bytes()[0]));
    dump
}

fn submit(server: &Server, body: &[u8]) -> (RawCrash, Envelope) {
    server.crash(post(server.address, "", body).crash_id())
}

fn status(address: SocketAddr, body: &[u8]) -> (u16, String) {
    let answer = post(address, "", body);
    (answer.status, answer.body)
}

#[test]
fn a_minidump_compressed_in_its_part_is_unpacked() {
    let server = Server::start();
    for length in [100, 700_000] {
        let dump = minidump(length);
        for coding in PART {
            let packed = pack(coding, &dump);
            let body = form(&[("name=a", b"1"), (DUMP, &packed)]);
            let (crash, envelope) = submit(&server, &body);
            assert_eq!(bytes_of(&envelope, NAME), dump, "{coding} {length}");
            let note = format!("{NAME} was unpacked from {} bytes of {coding}", packed.len());
            assert_eq!(crash.metadata.collector_notes, [note]);
        }
    }
}

#[test]
fn what_is_broken_or_no_minidump_is_kept_as_it_came() {
    let server = Server::start();
    let dump = minidump(900_000);
    for coding in PART {
        let whole = pack(coding, &dump);
        let mut flipped = whole.clone();
        let place = flipped.len() - 20;
        flipped[place] ^= 0x55;
        for kept in [
            whole[..whole.len() - 1].to_vec(),
            whole[..12].to_vec(),
            flipped,
            [whole.as_slice(), b"rubbish"].concat(),
            pack(coding, b"no minidump"),
            pack(coding, b"MD"),
            pack(coding, &pack(coding, &dump)),
        ] {
            let body = form(&[(DUMP, &kept), ("name=a", b"1")]);
            let (crash, envelope) = submit(&server, &body);
            assert!(bytes_of(&envelope, NAME) == kept, "{coding}");
            let notes = &crash.metadata.collector_notes;
            assert!(
                notes.len() == 1 && notes[0].ends_with("kept as it came"),
                "{coding} {} {notes:?}",
                kept.len()
            );
        }
    }
}

#[test]
fn attachments_and_memory_reports_are_never_unpacked() {
    let server = Server::start();
    for coding in PART {
        let packed = pack(coding, &minidump(1_000));
        let body = form(&[("name=a", b"1"), ("name=memory_report; filename=m.json.gz", &packed)]);
        let (crash, envelope) = submit(&server, &body);
        assert_eq!(bytes_of(&envelope, "memory_report"), packed);
        assert!(crash.metadata.collector_notes.is_empty());
    }
}

#[test]
fn a_body_may_be_compressed_and_a_dump_within_it_again() {
    let server = Server::start();
    let dump = minidump(50_000);
    for outer in BODY {
        for inner in PART {
            let body = form(&[("name=a", b"1"), (DUMP, &pack(inner, &dump))]);
            let answer = post(server.address, &header(outer), &pack(outer, &body));
            let (crash, envelope) = server.crash(answer.crash_id());
            assert!(crash.metadata.payload_compressed);
            assert_eq!(bytes_of(&envelope, NAME), dump, "{outer} {inner}");
        }
    }
}

#[test]
fn no_name_of_a_file_costs_the_crash_or_the_file() {
    let server = Server::start();
    let mut body = Vec::new();
    for disposition in [
        b"name=\"raw_crash\"; filename=\"x\"".as_slice(),
        b"name=\"\"; filename=\"trace.log\"",
        b"filename=\"other.txt\"",
        b"name=\"\xe6\x97\xa5\"; filename=\"\xe6\x97\xa5\"",
        b"name=\"\xff\xfe\"; filename=\"log\"",
        b"name=\"../../etc/passwd\"; filename=\"C:\\x\"",
        b"name=\"dump_names\"; filename*=utf-8''%41",
    ] {
        body.extend_from_slice(b"--B\r\nContent-Disposition: form-data; ");
        body.extend_from_slice(disposition);
        body.extend_from_slice(b"\r\n\r\nbytes\r\n");
    }
    body.extend_from_slice(&form(&[("name=a", b"1")]));
    let (crash, envelope) = submit(&server, &body);
    let names: Vec<_> = crash.dumps.iter().map(|dump| dump.name.as_str()).collect();
    let expected = [
        "file_raw_crash",
        "tracelog",
        "othertxt",
        "file",
        "xffxfe",
        "etcpasswd",
        "file_dump_names",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert_eq!(bytes_of(&envelope, name), b"bytes");
    }
    assert!(crash.metadata.collector_notes.len() >= 6, "{:?}", crash.metadata.collector_notes);
}

#[test]
fn a_form_within_the_dump_is_taken_apart_once() {
    let server = Server::start();
    let dump = minidump(300_000);
    let mut inner = b"\r\n----inner\r\nContent-Disposition: form-data; name=\"prod\"\r\n\r\nElectron\r\n----inner\r\nContent-Disposition: form-data; name=\"ver\"\r\n\r\n1.2.3\r\n----inner\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"dump\"\r\nContent-Type: application/octet-stream\r\n\r\n".to_vec();
    inner.extend_from_slice(&dump);
    inner.extend_from_slice(b"\r\n----inner--\r\n");
    let body = form(&[("name=ver", b"outer"), (DUMP, &inner)]);
    let (crash, envelope) = submit(&server, &body);
    assert_eq!(bytes_of(&envelope, NAME), dump);
    assert_eq!(crash.annotations["ProductName"], "Electron");
    assert_eq!(crash.annotations["ver"], "outer");
    assert_eq!(crash.dumps.len(), 1);
    // What only looks like a form, or is cut, is the dump as it came.
    for kept in [&inner[..inner.len() - 8], b"--x\r\n\r\n1\r\n--x--", b"--", b"-----------------"] {
        let (crash, envelope) = submit(&server, &form(&[("name=a", b"1"), (DUMP, kept)]));
        assert!(bytes_of(&envelope, NAME) == kept);
        assert_eq!(crash.annotations.len(), 1);
    }
    // A form in the form in the form stays what it is.
    let innermost =
        b"--C\r\nContent-Disposition: form-data; name=upload_file_minidump\r\n\r\nMDMP\r\n--C--";
    let middle = [
        b"--D\r\nContent-Disposition: form-data; name=upload_file_minidump\r\n\r\n".as_slice(),
        innermost,
        b"\r\n--D--",
    ]
    .concat();
    let (_, envelope) = submit(&server, &form(&[("name=a", b"1"), (DUMP, &middle)]));
    assert_eq!(bytes_of(&envelope, NAME), innermost);
}

#[test]
fn where_the_wire_cuts_a_file_changes_nothing() {
    let server = Server::start();
    let dump = minidump(300);
    let mut nested =
        b"--C\r\nContent-Disposition: form-data; name=upload_file_minidump; filename=x\r\n\r\n"
            .to_vec();
    nested.extend_from_slice(&dump);
    nested.extend_from_slice(b"\r\n--C--");
    let mut files: Vec<Vec<u8>> = PART.iter().map(|coding| pack(coding, &dump)).collect();
    files.extend([dump.clone(), nested]);
    for packed in files {
        let body = form(&[("name=a", b"1"), (DUMP, &packed)]);
        for size in [1, 2, 3, 5, 9, 10, 11, 64] {
            let mut bytes = b"POST /submit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n".to_vec();
            for chunk in body.chunks(size) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            let (_, envelope) = server.crash(exchange(server.address, &[&bytes]).crash_id());
            assert_eq!(bytes_of(&envelope, NAME), dump, "{size}");
        }
    }
}

#[test]
fn annotations_of_many_json_parts_have_one_limit() {
    let server = Server::start();
    let json = |from: usize| {
        let pairs: Vec<String> = (from..from + 700).map(|n| format!("\"k{n}\":\"\"")).collect();
        format!("{{{}}}", pairs.join(",")).into_bytes()
    };
    let (one, two) = (json(0), json(700));
    let body = form(&[
        ("name=extra; filename=x", &one),
        ("name=extra; filename=x", &two),
        ("name=field", b"1"),
    ]);
    let (crash, _) = submit(&server, &body);
    assert_eq!(crash.annotations.len(), 1_000);
    let notes = &crash.metadata.collector_notes;
    assert!(notes.contains(&"400 annotations beyond 1000 were dropped".to_owned()), "{notes:?}");
}

#[test]
fn a_json_file_of_another_name_gives_annotations_or_stays_a_file() {
    let server = Server::start();
    let part = |name: &str, text: &str| {
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"c.json\"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{text}\r\n"
        )
    };
    let body = [
        part("annotations", r#"{"ProductName": "Json"}"#),
        part("settings", "[1, 2]"),
        part("broken", "{"),
        part("large", &format!("[\"{}\"]", "x".repeat(5 * 1024 * 1024))),
        "--B--".into(),
    ];
    let (crash, envelope) = submit(&server, body.concat().as_bytes());
    assert_eq!(crash.annotations["ProductName"], "Json");
    let names: Vec<_> = crash.dumps.iter().map(|dump| dump.name.as_str()).collect();
    assert_eq!(names, ["settings", "broken", "large"]);
    assert_eq!(bytes_of(&envelope, "settings"), b"[1, 2]");
    assert_eq!(bytes_of(&envelope, "large").len(), 5 * 1024 * 1024 + 4);
}

#[test]
fn a_field_too_long_or_too_many_costs_itself_alone() {
    let server = Server::start();
    let long = vec![b'x'; 1024 * 1024 + 1];
    let full = vec![b'x'; 1_048_000];
    let mut parts: Vec<(String, &[u8])> = vec![("name=long".into(), &long)];
    for number in 0..5 {
        parts.push((format!("name=full{number}"), &full));
    }
    for number in 0..1_010 {
        parts.push((format!("name=n{number}"), b"1"));
    }
    let name = "n".repeat(256);
    parts.push((format!("name={name}"), b"1"));
    let borrowed: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let (crash, _) = submit(&server, &form(&borrowed));
    assert_eq!(crash.annotations.len(), 1_000);
    assert!(!crash.annotations.contains_key("long"));
    assert!(crash.annotations.contains_key("full2") && !crash.annotations.contains_key("full4"));
    let notes = &crash.metadata.collector_notes;
    assert!(notes[0].contains("\"long\" was longer"), "{}", notes[0]);
    assert!(notes.len() <= 101);
    // Beyond all measure the crash goes too, by name.
    let mut many = parts[..1].to_vec();
    many.extend((0..2_100).map(|number| (format!("name=m{number}"), b"1".as_slice())));
    let borrowed: Vec<(&str, &[u8])> =
        many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(
        status(server.address, &form(&borrowed)),
        (413, "Discarded=malformed_too_large".into())
    );
}
