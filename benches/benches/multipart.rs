//! The multipart reader: bytes a second and core, beside a plain scan of the same bytes and beside
//! `multer`, the reader that axum uses, in one run.
//!
//! `cargo bench -p auxilio-benches --bench multipart`.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod cpu;

use std::convert::Infallible;
use std::hint::black_box;

use auxilio_collector::{Parser, PartHead, PartSink};
use auxilio_testkit::splitmix::SplitMix;
use bytes::Bytes;

const BOUNDARY: &str = "----geckoformboundary60c27330726b796877c586ea65c69505";

/// What hyper hands over at once at most times.
const PIECE_BYTES: usize = 64 * 1024;

/// Bodies for one look at the clock.
const ROUNDS: u32 = 50;

/// Counts what comes, and keeps nothing.
#[derive(Default)]
struct Counted {
    parts: usize,
    bytes: usize,
}

impl PartSink for Counted {
    type Error = Infallible;

    fn begin(&mut self, head: PartHead) -> Result<(), Infallible> {
        black_box(head);
        self.parts += 1;
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.bytes += bytes.len();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn main() {
    for (what, dump) in [
        ("25 fields and 190 kB of random bytes", random(190_000)),
        ("25 fields and 190 kB of line ends", b"\r\n".repeat(95_000)),
        ("25 fields and 190 kB of half delimiters", half_delimiters(190_000)),
    ] {
        let body = Bytes::from(form(&dump));
        println!("{what}, {} bytes in all", body.len());
        let ours = speed(&body, || read(&body, PIECE_BYTES));
        println!("  ours, pieces of 64 KiB: {ours:.2} GB/s");
        println!("  ours, pieces of 1 byte: {:.3} GB/s", speed(&body, || read(&body, 1)));
        let scan = speed(&body, || {
            black_box(memchr::memchr_iter(b'\r', &body).count());
        });
        println!("  a scan for CR: {scan:.2} GB/s; ours is {:.2} of it", ours / scan);
        let multer = speed(&body, || futures::executor::block_on(read_with_multer(&body)));
        println!("  multer: {multer:.2} GB/s; ours is {:.1} times as fast", ours / multer);
    }
}

/// GB a second of one core.
fn speed(body: &Bytes, mut once: impl FnMut()) -> f64 {
    let seconds = cpu::seconds(|| (0..ROUNDS).for_each(|_| once()));
    f64::from(ROUNDS) * body.len() as f64 / seconds / 1e9
}

fn read(body: &Bytes, size: usize) {
    let (mut parser, mut counted) = (Parser::new(BOUNDARY.as_bytes()), Counted::default());
    for piece in body.chunks(size) {
        parser.feed(piece, &mut counted).unwrap();
    }
    parser.finish().unwrap();
    assert_eq!(counted.parts, 26);
    black_box(counted.bytes);
}

async fn read_with_multer(body: &Bytes) {
    let pieces = (0..body.len())
        .step_by(PIECE_BYTES)
        .map(|begin| Ok::<_, Infallible>(body.slice(begin..body.len().min(begin + PIECE_BYTES))));
    let mut form = multer::Multipart::new(futures::stream::iter(pieces), BOUNDARY);
    let (mut parts, mut bytes) = (0, 0);
    while let Some(mut field) = form.next_field().await.unwrap() {
        parts += 1;
        while let Some(chunk) = field.chunk().await.unwrap() {
            bytes += chunk.len();
        }
    }
    assert_eq!(parts, 26);
    black_box(bytes);
}

fn form(dump: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in 0..25 {
        let value = "x".repeat(number * 17);
        body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"annotation-{number}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"x.dmp\"\r\nContent-Type: application/octet-stream\r\n\r\n").as_bytes());
    body.extend_from_slice(dump);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn random(bytes: usize) -> Vec<u8> {
    let mut random = SplitMix::new(7);
    (0..bytes / 8).flat_map(|_| random.next().to_le_bytes()).collect()
}

fn half_delimiters(bytes: usize) -> Vec<u8> {
    let half = format!("\r\n--{}", &BOUNDARY[..BOUNDARY.len() - 1]);
    half.repeat(bytes / half.len()).into_bytes()
}
