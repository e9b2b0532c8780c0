//! Puts and gets of crashes through our client, through the store and by the crashmover, beside plain loops over the
//! published crates' client with 256 KiB buffers and without Nagle: same HBase, gateway, payloads and calls at once,
//! turn about in one run.
//!
//! Three plain loops: `plain` writes the bytes alone, one cell of one row; `rows` writes what a crash
//! needs to be found again, its row and its rows of two indexes, and looks at nothing; `calls` makes
//! every call that keeps a crash from being lost or overwritten, as the store does: a look whether
//! its id is claimed, the rows, and a look whether its row stands. `mover` is the crashmover from a
//! spool full of crashes to the empty spool.
//!
//! `cargo bench -p auxilio-benches --bench hbase [-- SIZE... WAY...]`. The gateway and the region server take most of the
//! processor, so these are wall times: nothing else should run beside.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod meter;
mod mover;
mod ours;
mod plain;

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Timestamp;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::{Hbase, HbaseOptions};
use auxilio_testkit::splitmix::SplitMix;
use auxilio_thrift::{Client, Config, DdlOptions, HbaseStore, ddl};

use crate::meter::Seconds;

/// Calls at once.
const AT_ONCE: usize = 8;

/// Turns that each way gets, one at each place of a round: who writes while HBase flushes what others
/// wrote pays for them.
const ROUNDS: usize = WAYS.len();

/// Turns before these: Java compiles while it runs.
const WARM_UP: usize = 3;

/// Bytes of one round and one caller, about, and the most crashes of it.
const ROUND_BYTES: usize = 16 << 20;
const ROUND_COUNT_MAX: usize = 200;

/// Larger values go in pieces of this size, in every way: what our client takes in one call.
const PIECE: usize = 3_500_000;

const SIZES: [usize; 4] = [36_000, 150_000, 2_000_000, 20_000_000];

const WAYS: [&str; 6] = ["plain", "rows", "calls", "client", "store", "mover"];

/// A size's share of one turn.
#[derive(Clone, Copy)]
struct Turn {
    size: usize,
    /// Crashes of each caller.
    count: usize,
    round: usize,
}

/// Seconds of the puts and of the gets; a way without gets has none.
type Took = [Seconds; 2];

fn main() {
    let options = HbaseOptions {
        server_heap: "4g".to_owned(),
        gateway_heap: "1g".to_owned(),
        optimised: true,
        ..HbaseOptions::default()
    };
    let hbase = Hbase::with(&options).unwrap();
    // The tables of both as a site should make them.
    let site = DdlOptions { compression: "NONE".to_owned(), keep_days: 0 };
    hbase.admin(&(ddl("", &site) + &ddl(plain::PREFIX, &site))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = client(&hbase);
    let store = HbaseStore::new(client.clone());
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let sizes: Vec<usize> = asked.iter().filter_map(|size| size.parse().ok()).collect();
    let mut ways: Vec<usize> = (0..WAYS.len()).collect();
    ways.retain(|way| asked.iter().any(|asked| asked == WAYS[*way]));
    if ways.is_empty() {
        ways.extend(0..WAYS.len());
    }
    println!("CPU in ms for each: of this process + of HBase's.");
    println!(
        "   bytes | way    | puts/s | of plain | of rows | of calls |     CPU     | gets/s | of plain | of rows | of calls |     CPU"
    );
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        let count = (ROUND_BYTES / size).clamp(1, ROUND_COUNT_MAX);
        let mut sums = [Took::default(); WAYS.len()];
        for round in 0..WARM_UP + ROUNDS {
            let turn = Turn { size, count, round };
            for place in 0..ways.len() {
                let way = ways[(place + round) % ways.len()];
                let took = match WAYS[way] {
                    "plain" => plain::bytes_alone(&hbase, turn),
                    "rows" => plain::rows(&hbase, turn),
                    "calls" => plain::calls(&hbase, turn),
                    "client" => runtime.block_on(ours::client(&hbase, &client, turn)),
                    "store" => runtime.block_on(ours::store(&hbase, &store, turn)),
                    _ => runtime.block_on(mover::carry(&hbase, &store, turn)),
                };
                if round >= WARM_UP {
                    sums[way].iter_mut().zip(took).for_each(|(sum, took)| *sum += took);
                }
            }
        }
        print(size, (ROUNDS * count * AT_ONCE) as f64, &sums);
    }
}

fn print(size: usize, done: f64, sums: &[Took; WAYS.len()]) {
    let [plain, rows, calls, ..] = sums;
    for (way, took) in WAYS.iter().zip(sums) {
        print!("{size:8} | {way:6}");
        for (((took, plain), rows), calls) in took.iter().zip(plain).zip(rows).zip(calls) {
            if took.wall == 0.0 {
                continue;
            }
            let share = |of: &Seconds| format!("{:.0}%", 100.0 * of.wall / took.wall);
            let (rate, each) = (done / took.wall, 1_000.0 / done);
            let cpu = format!("{:.2} + {:.2}", took.own * each, took.theirs * each);
            let shares = [share(plain), share(rows), share(calls)];
            print!(" | {rate:6.0} | {:>8} | {:>7} | {:>8}", shares[0], shares[1], shares[2]);
            print!(" | {cpu:>11}");
        }
        println!();
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

/// A row's key in a table that is split at its salts.
fn key(way: &str, turn: Turn, caller: usize, number: usize) -> Vec<u8> {
    let Turn { size, round, .. } = turn;
    format!("{:x}{way}{size}-{round}-{caller}-{number}", (caller * 7 + number) % 16).into_bytes()
}

/// A payload's columns and their parts of it.
fn columns(size: usize) -> impl Iterator<Item = (Vec<u8>, std::ops::Range<usize>)> {
    (0..size.div_ceil(PIECE)).map(move |piece| {
        (format!("raw_data:{piece}").into(), piece * PIECE..size.min((piece + 1) * PIECE))
    })
}

/// When a crash arrived: as if forty came each second.
fn arrival(turn: Turn, caller: usize, number: usize) -> Timestamp {
    let place = (turn.round * turn.count + number) * AT_ONCE + caller;
    let midnight = Timestamp::midnight("20121224".parse().unwrap());
    midnight.plus(Duration::from_millis(place as u64 * 25))
}

/// A number of its own for each crash.
fn seed(turn: Turn, caller: usize, number: usize) -> u64 {
    (((turn.size * 10 + turn.round) * AT_ONCE + caller) * 1_000 + number) as u64
}
