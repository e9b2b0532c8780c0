//! Durable crashes per second through the spool, beside the same bytes as plain files that are
//! each flushed, renamed and followed by a flush of their folder: what the disk gives without us.
//!
//! `cargo bench -p auxilio-benches --bench spool [-- DIR]`; both sides run in turn in DIR (default:
//! the target folder), and the medians of the rounds are compared.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_benches::disk::{self, THREADS, side_by_side};
use auxilio_common::{
    Annotations, Clock, CrashId, DumpName, Metadata, Payload, Random, RawCrash, Throttle,
};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_spool::{Config, Lane, Spool};

const ROUNDS: usize = 5;

/// A crash's dump in bytes, and how many crashes one round takes.
const CASES: [(usize, usize); 2] = [(10_000, 4_000), (150_000, 2_000)];

fn main() {
    let dir = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let dir = dir.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    println!("{THREADS} threads, medians of {ROUNDS} rounds, in {}", dir.display());
    for (bytes, count) in CASES {
        let (mut spooled, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            plain.push(run(&dir, bytes, count, plain_files));
            spooled.push(run(&dir, bytes, count, through_the_spool));
        }
        let (spooled, plain) = (median(spooled), median(plain));
        println!(
            "{bytes:>7} bytes: spool {spooled:>6.0}/s, plain files {plain:>6.0}/s, ratio {:.2}",
            spooled / plain
        );
    }
}

/// Crashes per second of one round in a folder of its own.
fn run(dir: &Path, bytes: usize, count: usize, work: fn(&Path, usize, usize, &dyn Clock)) -> f64 {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let clock = SystemClock::start();
    // The one before must not be flushed on this one's time.
    rustix::fs::sync();
    let started = clock.monotonic();
    work(dir.path(), bytes, count, &clock);
    count as f64 / clock.monotonic().saturating_sub(started).as_secs_f64()
}

fn through_the_spool(dir: &Path, bytes: usize, count: usize, clock: &dyn Clock) {
    let config = Config { dir: dir.to_owned(), ..Config::default() };
    let spool =
        Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom)).unwrap();
    let dump = noise(bytes);
    side_by_side(count, |_| {
        let mut draft = spool.begin().unwrap();
        draft.begin_dump(DumpName::main()).unwrap();
        // As a body comes.
        for chunk in dump.chunks(16 * 1024) {
            draft.write(chunk).unwrap();
        }
        draft.end_dump().unwrap();
        draft.commit(Lane::Standard, raw_crash(clock)).unwrap();
    });
}

fn plain_files(dir: &Path, bytes: usize, count: usize, _clock: &dyn Clock) {
    disk::plain_files(dir, &noise(bytes), count);
}

fn raw_crash(clock: &dyn Clock) -> RawCrash {
    let now = clock.now();
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    let annotations = (0..60).map(|number| (format!("Annotation{number}"), "a value".to_owned()));
    RawCrash {
        crash_id: CrashId::issue(bytes, 0, now.day().unwrap()),
        annotations: annotations.collect::<Annotations>(),
        metadata: Metadata {
            submitted_timestamp: now,
            received_at: now,
            throttle: Throttle::Accept,
            throttle_rule: "accept_everything".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: 1,
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    SystemRandom.fill(&mut noise);
    noise
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
