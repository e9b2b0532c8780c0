//! A process that puts crashes and is killed at a random instant: all that it said was stored is
//! whole and queued, and whatever was under way is completed by putting it again. The test starts
//! itself again as that process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::{IndexEntry, PutRaw};
use auxilio_common::{CrashStore, DumpName, Generation, Quality, RawEnvelope, Throttle, Timestamp};
use auxilio_common::{ProcessedCrash, ProcessedDocument, ProcessedEnvelope};
use auxilio_disk_store::{Config, DiskStore};
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};

const ROUNDS: u64 = 6;
const WRITERS: u64 = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let [_, word, dir, round] = &arguments[..]
        && word == "put"
    {
        runtime.block_on(put_for_ever(Path::new(dir), round.parse().unwrap()));
    }
    runtime.block_on(killed_processes_lose_nothing_that_they_said_was_stored());
    println!("killed_processes_lose_nothing_that_they_said_was_stored ... ok");
}

fn store_in(dir: &Path, seed: u64) -> DiskStore {
    DiskStore::new(Config { dir: dir.to_owned() }, Arc::new(TestRandom::new(seed)))
}

fn crash(seed: u64) -> Arc<MemoryEnvelope> {
    let recipe = Recipe::new("20121224".parse().unwrap(), seed).throttle(Throttle::Accept);
    Arc::new(recipe.without_dumps().dump(DumpName::main(), vec![7; 20_000]).envelope())
}

fn document(envelope: &MemoryEnvelope) -> ProcessedDocument {
    let crash = envelope.raw_crash();
    let envelope = ProcessedEnvelope {
        crash_id: crash.crash_id,
        generation: Generation::floor(crash.metadata.received_at),
        quality: Quality::Clean,
        processor: "one".to_owned(),
        started_at: Timestamp::from_micros(1),
        completed_at: Timestamp::from_micros(2),
        failed_rules: Vec::new(),
        notes: Vec::new(),
        history: Vec::new(),
    };
    ProcessedDocument { envelope, crash: ProcessedCrash::default() }
}

/// Prints each crash's seed once the store has it, raw and processed.
async fn put_for_ever(dir: &Path, round: u64) {
    let store = store_in(dir, round);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0.. {
                let seed = ((round * WRITERS) + writer) << 32 | number;
                let envelope = crash(seed);
                let put = Arc::clone(&envelope) as Arc<dyn RawEnvelope>;
                assert_eq!(store.put_raw(put).await.unwrap(), PutRaw::Stored);
                store.put_processed(&document(&envelope)).await.unwrap();
                // One write call: a line is never half printed.
                std::io::stdout().write_all(format!("{seed}\n").as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
}

async fn killed_processes_lose_nothing_that_they_said_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = HashSet::new();
    for round in 0..ROUNDS {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("put")
            .arg(dir.path())
            .arg(round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        said.insert(lines.next().unwrap().unwrap());
        // Spread over the instants of some puts.
        std::thread::sleep(Duration::from_millis(53 * round));
        process.kill().unwrap();
        said.extend(lines.map(Result::unwrap));
        process.wait().unwrap();
    }
    assert!(said.len() as u64 > ROUNDS, "the processes stored next to nothing");
    let store = store_in(dir.path(), 99);
    for seed in &said {
        assert_stored(&store, &crash(seed.parse().unwrap())).await;
    }
    // What was under way: a raw file without its rows, or nothing. Putting it again completes it.
    for writer in 0..ROUNDS * WRITERS {
        for envelope in (0_u64..).map(|number| (writer << 32) | number) {
            let told = said.contains(&envelope.to_string());
            let envelope = crash(envelope);
            let put = Arc::clone(&envelope) as Arc<dyn RawEnvelope>;
            assert_eq!(store.put_raw(put).await.unwrap(), PutRaw::Stored);
            if !told {
                store.put_processed(&document(&envelope)).await.unwrap();
                assert_stored(&store, &envelope).await;
                break;
            }
        }
    }
    let leftovers = std::fs::read_dir(dir.path().join("tmp")).unwrap().count();
    assert_eq!(leftovers, 1, "only the living store's own folder is left");
}

async fn assert_stored(store: &DiskStore, envelope: &MemoryEnvelope) {
    let raw = envelope.raw_crash();
    let id = raw.crash_id;
    let stored = store.get_raw(id).await.unwrap().unwrap();
    assert_eq!(stored.annotations, raw.annotations);
    assert!(store.open_dump(id, &DumpName::main()).await.unwrap().is_some());
    let row = IndexEntry { received_at: raw.metadata.received_at, crash_id: id };
    let there = store.get_index(std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(there, [row], "{id} is not queued");
    assert_eq!(store.get_processed(id).await.unwrap(), Some(document(envelope)));
}
