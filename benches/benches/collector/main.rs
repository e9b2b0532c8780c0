//! Crashes a second through a whole collector, over loopback, durable before each answer; beside what the disk
//! gives for the same bytes without us, and beside a server that only throws the body away.
//!
//! `cargo bench -p auxilio-benches --bench collector [-- DIR]`; the spool lies in DIR (default: the target
//! folder). The generator runs on the same machine and takes its share of the cores.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod discard;
mod load;
mod memory;
mod server;

use std::path::{Path, PathBuf};
use std::time::Instant;

use auxilio_benches::disk;
use auxilio_service::clock::SystemRandom;

use crate::server::{Kind, Server};

/// Bytes of a dump, and how many crashes one round takes.
const CASES: [(usize, usize); 2] = [(10_000, 6_000), (200_000, 2_500)];

const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match &arguments[..] {
        [word, kind, dir] if word == "serve" => server::serve(kind, Path::new(dir)),
        arguments => {
            let dir = arguments.first();
            let dir = dir.map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
            let kept = tempfile::tempdir_in(&dir).unwrap();
            for (bytes, count) in CASES {
                rates(kept.path(), bytes, count);
            }
            memory::uploads(kept.path());
        }
    }
}

/// Flat out, turn about; then the answers' times at half of what the collector took.
///
/// No file is removed before the end: an ext4 without a journal passes over inodes that were freed just now, and
/// that search took half of the CPU of a round that followed the removal of another's files.
fn rates(dir: &Path, bytes: usize, count: usize) {
    let request = load::request(&noise(bytes));
    let [mut plain, mut discard, mut ours] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        plain.push(disk_rate(dir, bytes, count));
        discard.push(rate(dir, Kind::Discard, &request, count));
        ours.push(rate(dir, Kind::Collector, &request, count));
    }
    let [plain, discard, ours] = [plain, discard, ours].map(median);
    println!(
        "{bytes:>7} bytes: collector {ours:>6.0}/s, disk {plain:>6.0}/s (ratio {:.2}), body thrown away {discard:>6.0}/s (ratio {:.2})",
        ours / plain,
        ours / discard,
    );
    let folder = tempfile::tempdir_in(dir).unwrap().keep();
    let server = Server::start(Kind::Collector, &folder);
    let times = load::at_rate(server.address, &request, ours / 2.0);
    println!(
        "{bytes:>7} bytes at {:.0}/s: answered within p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
        ours / 2.0,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
}

fn rate(dir: &Path, kind: Kind, request: &[u8], count: usize) -> f64 {
    let folder = tempfile::tempdir_in(dir).unwrap().keep();
    let server = Server::start(kind, &folder);
    rustix::fs::sync();
    let began = Instant::now();
    load::flat_out(server.address, request, count);
    count as f64 / began.elapsed().as_secs_f64()
}

fn disk_rate(dir: &Path, bytes: usize, count: usize) -> f64 {
    let folder = tempfile::tempdir_in(dir).unwrap().keep();
    let bytes = noise(bytes);
    rustix::fs::sync();
    let began = Instant::now();
    disk::plain_files(&folder, &bytes, count);
    count as f64 / began.elapsed().as_secs_f64()
}

/// Bytes that don't compress.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    auxilio_common::Random::fill(&SystemRandom, &mut noise);
    noise
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
