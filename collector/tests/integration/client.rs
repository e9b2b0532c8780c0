//! Requests written byte by byte, as no library would write them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use auxilio_common::CrashId;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The crash id of an accepted submission.
    pub(crate) fn crash_id(&self) -> CrashId {
        assert_eq!(self.status, 200, "{self:?}");
        let id = self.body.strip_prefix("CrashID=bp-").and_then(|rest| rest.strip_suffix('\n'));
        id.expect("a CrashID line").parse().unwrap()
    }
}

/// Sends raw bytes and reads one answer.
pub(crate) fn exchange(address: SocketAddr, pieces: &[&[u8]]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    for piece in pieces {
        stream.write_all(piece).unwrap();
        stream.flush().unwrap();
    }
    read_answer(&mut stream)
}

/// Reads an answer with a Content-Length.
pub(crate) fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                })
                .map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).unwrap();
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return Answer { status, head, body };
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the answer broke off: {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// A form of the boundary `B`.
pub(crate) fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, value) in parts {
        body.extend_from_slice(
            format!("--B\r\nContent-Disposition: form-data; {disposition}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B--\r\n");
    body
}

/// A whole request with a Content-Length and more lines for its head.
pub(crate) fn request(lines: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST /submit?id=%7bx%7d&version=1 HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Posts a form.
pub(crate) fn post(address: SocketAddr, lines: &str, body: &[u8]) -> Answer {
    exchange(address, &[&request(lines, body)])
}

/// Sends a request's head, and its body once it is asked for.
pub(crate) fn send_when_asked(stream: &mut TcpStream, whole: &[u8], body_bytes: usize) {
    let (head, body) = whole.split_at(whole.len() - body_bytes);
    stream.write_all(head).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim[..], b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body).unwrap();
}
