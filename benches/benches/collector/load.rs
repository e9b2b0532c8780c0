//! Clients that post one crash after another over connections that stay open.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Clients side by side.
const CLIENTS: usize = 32;

/// Seconds of a run at a given rate.
const SECONDS: f64 = 8.0;

/// A request as Firefox sends it: the annotations as a JSON part, then the dump.
pub(crate) fn request(dump: &[u8]) -> Vec<u8> {
    let annotations: Vec<_> =
        (0..60).map(|number| format!("\"Annotation{number}\":\"a value\"")).collect();
    let json =
        format!("{{\"ProductName\":\"Firefox\",\"Version\":\"1.0\",{}}}", annotations.join(","));
    let mut body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"extra\"; filename=\"extra.json\"\r\n\
         Content-Type: application/json\r\n\r\n{json}\r\n--B\r\nContent-Disposition: form-data; \
         name=\"upload_file_minidump\"; filename=\"a.dmp\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(dump);
    body.extend_from_slice(b"\r\n--B--\r\n");
    let mut request = head(body.len()).into_bytes();
    request.extend_from_slice(&body);
    request
}

/// A head for a body of so many bytes.
pub(crate) fn head(length: usize) -> String {
    format!(
        "POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// Posts so many, as fast as they are answered.
pub(crate) fn flat_out(address: SocketAddr, request: &[u8], count: usize) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut stream = connect(address);
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    post(&mut stream, request);
                }
            });
        }
    });
}

/// Posts at a rate. The time of each answer in ms, from when its post was due, in order.
pub(crate) fn at_rate(address: SocketAddr, request: &[u8], rate: f64) -> Vec<f64> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let mut times = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let (mut stream, mut times) = (connect(address), Vec::new());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let due = Duration::from_secs_f64(number as f64 / rate);
                        if due.as_secs_f64() > SECONDS {
                            return times;
                        }
                        thread::sleep(due.saturating_sub(began.elapsed()));
                        post(&mut stream, request);
                        times.push(began.elapsed().saturating_sub(due).as_secs_f64() * 1_000.0);
                    }
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    times.sort_by(f64::total_cmp);
    times
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn post(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    read_answer(stream);
}

/// Reads an answer to its end, which must be good.
pub(crate) fn read_answer(stream: &mut TcpStream) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1_024]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "no answer: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
        // Both servers end their short answers so.
        if bytes.ends_with(b"Discarded=all")
            || (bytes.ends_with(b"\n") && contains(&bytes, b"CrashID="))
        {
            return;
        }
        assert!(!contains(&bytes, b"Discarded=mal") && !contains(&bytes, b" 503 "), "refused");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
