//! Puts and gets through our client and through the store, beside a plain loop over the published
//! crates' client with 256 KiB buffers and without Nagle: same HBase, gateway, payloads and calls at once, turn about
//! in one run.
//!
//! `cargo bench -p auxilio-benches --bench hbase`. The gateway and the region server take most of the
//! processor, so these are wall times: nothing else should run beside.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use auxilio_common::storage::StoredDumpBytes;
use auxilio_common::{CrashStore, DumpName, RawEnvelope};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::{Hbase, HbaseOptions};
use auxilio_testkit::raw::Recipe;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_thrift::{Client, Config, HbaseStore, Put};
use futures::future::join_all;
use hbase_thrift::hbase::{Mutation, THbaseSyncClient as _};

/// Calls at once.
const AT_ONCE: usize = 8;

/// Turns that each way gets.
const ROUNDS: usize = 4;

/// Bytes of one round and one caller, about.
const ROUND_BYTES: usize = 4 << 20;

/// Larger values go in pieces of this size, in every way: what our client takes in one call.
const PIECE: usize = 3_500_000;

const SIZES: [usize; 4] = [36_000, 150_000, 2_000_000, 20_000_000];

fn main() {
    let options = HbaseOptions {
        server_heap: "4g".to_owned(),
        gateway_heap: "1g".to_owned(),
        optimised: true,
        ..HbaseOptions::default()
    };
    let hbase = Hbase::with(&options).unwrap();
    let splits: Vec<_> = (1..16).map(|salt| format!("'{salt:x}'")).collect();
    hbase.admin(&format!("create 't', 'f', SPLITS => [{}]", splits.join(", "))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = client(&hbase);
    let store = HbaseStore::new(client.clone());
    runtime.block_on(store.make_missing_tables()).unwrap();
    println!("bytes    | way   | puts/s | of plain | gets/s | of plain");
    for size in SIZES {
        let count = (ROUND_BYTES / size).max(1);
        let mut plain = [0.0; 2];
        let mut ours = [0.0; 2];
        let mut stored = [0.0; 2];
        for round in 0..=ROUNDS {
            let turn = [
                run_plain(&hbase, size, count, round),
                runtime.block_on(run_client(&client, size, count, round)),
                runtime.block_on(run_store(&store, size, count, round)),
            ];
            // The first one warms Java up.
            if round > 0 {
                for (sums, turn) in [&mut plain, &mut ours, &mut stored].into_iter().zip(turn) {
                    sums.iter_mut().zip(turn).for_each(|(sum, took)| *sum += took);
                }
            }
        }
        let done = (ROUNDS * count * AT_ONCE) as f64;
        for (way, took) in [("plain", plain), ("ours", ours), ("store", stored)] {
            println!(
                "{size:8} | {way:5} | {:6.0} | {:7.0}% | {:6.0} | {:7.0}%",
                done / took[0],
                100.0 * plain[0] / took[0],
                done / took[1],
                100.0 * plain[1] / took[1],
            );
        }
    }
}

fn client(hbase: &Hbase) -> Client {
    let config = Config {
        gateways: vec![hbase.gateways()[0].to_string()],
        connections: AT_ONCE,
        ..Config::default()
    };
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    Client::new(&config, clock, random, Arc::new(())).unwrap()
}

/// Bytes that don't compress.
fn value(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SplitMix::new(seed).fill(&mut bytes);
    bytes
}

fn key(way: &str, round: usize, caller: usize, number: usize, size: usize) -> Vec<u8> {
    format!("{:x}{way}{size}-{round}-{caller}-{number}", (caller * 7 + number) % 16).into_bytes()
}

fn columns(size: usize) -> impl Iterator<Item = (Vec<u8>, std::ops::Range<usize>)> {
    (0..size.div_ceil(PIECE)).map(move |piece| {
        (format!("f:{piece}").into(), piece * PIECE..size.min((piece + 1) * PIECE))
    })
}

/// Seconds of the puts, and of the gets.
fn run_plain(hbase: &Hbase, size: usize, count: usize, round: usize) -> [f64; 2] {
    [true, false].map(|puts| {
        let began = Instant::now();
        thread::scope(|scope| {
            for caller in 0..AT_ONCE {
                scope.spawn(move || {
                    let mut client = hbase.client(0).unwrap();
                    let bytes = value(size, caller as u64);
                    for number in 0..count {
                        let row = key("plain", round, caller, number, size);
                        for (column, part) in columns(size) {
                            let (table, row) = (b"t".to_vec(), row.clone());
                            if puts {
                                let cell = Mutation::new(false, column, bytes[part].to_vec(), true);
                                let (cells, none) = (vec![cell], BTreeMap::new());
                                client.mutate_row_ts(table, row, cells, 1, none).unwrap();
                            } else {
                                let none = BTreeMap::new();
                                let found =
                                    client.get_row_with_columns(table, row, vec![column], none);
                                assert_eq!(found.unwrap().len(), 1);
                            }
                        }
                    }
                });
            }
        });
        began.elapsed().as_secs_f64()
    })
}

async fn run_client(client: &Client, size: usize, count: usize, round: usize) -> [f64; 2] {
    let mut took = [0.0; 2];
    for (place, puts) in [true, false].into_iter().enumerate() {
        let began = Instant::now();
        let callers = (0..AT_ONCE).map(|caller| {
            let client = client.clone();
            tokio::spawn(async move {
                let bytes = bytes_of(value(size, caller as u64));
                for number in 0..count {
                    let row = key("ours", round, caller, number, size);
                    for (column, part) in columns(size) {
                        if puts {
                            let put = Put::new(column, bytes.slice(part));
                            client.put_row("t", &row, &[put], 1).await.unwrap();
                        } else {
                            let length = part.len();
                            let found = client.get_row("t", &row, &[&column], length).await;
                            assert!(found.unwrap().is_some());
                        }
                    }
                }
            })
        });
        join_all(callers).await.into_iter().for_each(Result::unwrap);
        took[place] = began.elapsed().as_secs_f64();
    }
    took
}

fn bytes_of(bytes: Vec<u8>) -> bytes::Bytes {
    bytes.into()
}

async fn run_store(store: &HbaseStore, size: usize, count: usize, round: usize) -> [f64; 2] {
    let crash = move |caller: usize, number: usize| {
        let seed = ((size * 10 + round) * AT_ONCE + caller) * 1_000 + number;
        let recipe = Recipe::new("20121224".parse().unwrap(), seed as u64).without_dumps();
        recipe.dump(DumpName::main(), value(size, caller as u64)).envelope()
    };
    let mut took = [0.0; 2];
    for (place, puts) in [true, false].into_iter().enumerate() {
        // Made beforehand: it is not the store's work.
        let all: Vec<Vec<Arc<_>>> = (0..AT_ONCE)
            .map(|caller| (0..count).map(|number| Arc::new(crash(caller, number))).collect())
            .collect();
        let began = Instant::now();
        let callers = all.into_iter().map(|mine| {
            let store = store.clone();
            tokio::spawn(async move {
                for envelope in mine {
                    if puts {
                        store.put_raw(envelope as Arc<dyn RawEnvelope>).await.unwrap();
                    } else {
                        let id = envelope.raw_crash().crash_id;
                        let dump = store.open_dump(id, &DumpName::main()).await.unwrap().unwrap();
                        assert!(matches!(dump.bytes, StoredDumpBytes::Stream(_)));
                        assert_eq!(dump.length, size as u64);
                    }
                }
            })
        });
        join_all(callers).await.into_iter().for_each(Result::unwrap);
        took[place] = began.elapsed().as_secs_f64();
    }
    took
}
