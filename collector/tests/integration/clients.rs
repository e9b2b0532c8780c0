//! Every real client, as it writes its request: what it is answered, and what of it lies in the spool.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use auxilio_common::{CrashId, Payload};

use crate::client::{Answer, read_answer};
use crate::codings::pack;
use crate::server::{Server, TOKEN, bytes_of};

mod browsers;
mod handlers;
mod scripts;

/// A request as a client writes it.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// The request line and the head's lines, with CR LF, without the empty line at its end.
    pub(crate) head: String,
    pub(crate) body: Body,
    /// What must be in the spool: annotations that are exactly these,
    pub(crate) annotations: Vec<(&'static str, &'static str)>,
    /// files by their names,
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    /// and notes.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) payload: Payload,
    pub(crate) closes: bool,
}

/// How the body goes onto the wire.
pub(crate) enum Body {
    /// At once.
    Whole(Vec<u8>),
    /// In chunks of these lengths, the last for all the rest.
    Chunked(Vec<u8>, Vec<usize>),
    /// After "100 Continue".
    Waiting(Vec<u8>),
}

/// A part of a form.
pub(crate) fn part(lines: &str, value: &[u8]) -> Vec<u8> {
    [lines.as_bytes(), b"\r\n\r\n", value, b"\r\n"].concat()
}

/// A form of a boundary.
pub(crate) fn multipart(boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A field as most clients write it.
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes())
}

/// Bytes that begin as a minidump does.
pub(crate) fn dump(bytes: usize) -> Vec<u8> {
    let mut dump = b"MDMP\x93\xa7\0\0".to_vec();
    dump.extend((8..bytes).map(|place| (place * 31).to_le_bytes()[0]));
    dump
}

/// A file as most clients write it.
pub(crate) fn file(name: &str, file_name: &str, media_type: &str, bytes: &[u8]) -> Vec<u8> {
    let typed = if media_type.is_empty() {
        String::new()
    } else {
        format!("\r\nContent-Type: {media_type}")
    };
    let head =
        format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"{typed}");
    part(&head, bytes)
}

fn send(server: &Server, client: &Client) -> Answer {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut head = client.head.clone().into_bytes();
    match &client.body {
        Body::Whole(body) => {
            head.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            stream.write_all(&head).unwrap();
            stream.write_all(body).unwrap();
        }
        Body::Waiting(body) => {
            head.extend_from_slice(
                format!("Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", body.len())
                    .as_bytes(),
            );
            stream.write_all(&head).unwrap();
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).unwrap();
            assert_eq!(&interim[..], b"HTTP/1.1 100 Continue\r\n\r\n");
            stream.write_all(body).unwrap();
        }
        Body::Chunked(body, sizes) => {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            stream.write_all(&head).unwrap();
            let (mut rest, mut sizes) = (body.as_slice(), sizes.iter());
            while !rest.is_empty() {
                let size = sizes.next().map_or(rest.len(), |size| rest.len().min(*size));
                let chunk = [format!("{size:x}\r\n").as_bytes(), &rest[..size], b"\r\n"].concat();
                stream.write_all(&chunk).unwrap();
                rest = &rest[size..];
            }
            stream.write_all(b"0\r\n\r\n").unwrap();
        }
    }
    let answer = read_answer(&mut stream);
    if client.closes {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{} stays open", client.name);
    }
    answer
}

fn check(server: &Server, client: &Client) -> CrashId {
    let name = client.name;
    let answer = send(server, client);
    let crash_id = answer.crash_id();
    // To the byte what old clients look for.
    assert_eq!(answer.body, format!("CrashID=bp-{crash_id}\n"), "{name}");
    let mut lines: Vec<&str> = answer.head.split("\r\n").collect();
    // Of HTTP/1.0 with a chunked body there is no answer but one of HTTP/1.1.
    let old = client.head.contains(" HTTP/1.0\r\n") && matches!(client.body, Body::Whole(_));
    let status = if old { "HTTP/1.0 200 OK" } else { "HTTP/1.1 200 OK" };
    assert_eq!(lines.remove(0), status, "{name}");
    lines.retain(|line| !line.starts_with("Date: "));
    let mut expected = vec!["Content-Length: 48", "Content-Type: text/plain; charset=utf-8"];
    if client.closes && !old {
        expected.insert(0, "Connection: close");
    }
    lines.sort_unstable();
    assert_eq!(lines, expected, "{name}");

    let (crash, envelope) = server.crash(crash_id);
    let annotations: Vec<(&str, &str)> =
        crash.annotations.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(annotations, client.annotations, "{name}");
    let names: Vec<&str> = crash.dumps.iter().map(|dump| dump.name.as_str()).collect();
    assert_eq!(names, client.files.iter().map(|file| file.0).collect::<Vec<_>>(), "{name}");
    for (file, bytes) in &client.files {
        assert!(bytes_of(&envelope, file) == *bytes, "{name}: {file}");
    }
    assert_eq!(crash.metadata.collector_notes, client.notes, "{name}");
    assert_eq!(crash.metadata.payload, client.payload, "{name}");
    crash_id
}

#[test]
fn browsers_get_an_id_for_all_that_they_sent() {
    let server = Server::start();
    for client in browsers::all() {
        check(&server, &client);
    }
}

#[test]
fn crash_handlers_get_an_id_for_all_that_they_sent() {
    let server = Server::start();
    for client in handlers::all() {
        check(&server, &client);
    }
}

#[test]
fn scripts_and_libraries_get_an_id_for_all_that_they_sent() {
    let server = Server::start();
    for client in scripts::all() {
        check(&server, &client);
    }
}

#[test]
fn the_submitter_of_socorro_replays_a_crash_under_its_id() {
    let server = Server::start();
    let id = "de1bb258-cbbf-4589-a673-34f800160918";
    let boundary = "01659896d5dc42cabd7f3d8a3dcdd3bb";
    let body = multipart(
        boundary,
        &[
            field("ProductName", "Firefox"),
            field("uuid", id),
            file("upload_file_minidump", "dump", "application/octet-stream", &dump(2_000)),
        ],
    );
    let client = Client {
        name: "stage_submitter",
        head: format!(
            "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: stage-submitter\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nContent-Encoding: gzip\r\nAuthorization: Bearer {TOKEN}\r\n"
        ),
        body: Body::Whole(pack("gzip", &body)),
        annotations: vec![("ProductName", "Firefox")],
        files: vec![("upload_file_minidump", dump(2_000))],
        notes: vec!["the id carries 2016-09-18: the time of submission was set to that day"],
        payload: Payload::Multipart,
        closes: false,
    };
    let crash_id = check(&server, &client);
    assert_eq!(crash_id.to_string(), id);
    let (crash, _) = server.crash(crash_id);
    assert!(crash.metadata.id_supplied && crash.metadata.payload_compressed);
    assert_eq!(crash.metadata.user_agent.as_deref(), Some("stage-submitter"));
}
