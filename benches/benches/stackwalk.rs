//! Dumps walked per second and core: ours beside the stock symbolizer and printer, in one run.
//!
//! `cargo bench -p auxilio-benches --bench stackwalk`. CPU time is measured, not wall time, so that
//! other work on the machine matters little. The real crashes are those of `../shared/corpus`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

#[path = "../../symbols/tests/corpus/mod.rs"]
mod corpus;

use std::fs;
use std::path::Path;
use std::time::Duration;

use auxilio_stackwalk::{DumpHints, DumpMap, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use auxilio_testkit::hostile::BOMBS;
use breakpad_symbols::{SimpleSymbolSupplier, Symbolizer};
use minidump::Minidump;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value};

/// CPU time that each measurement takes at least.
const MEASURED: Duration = Duration::from_secs(2);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    corpus::unpack(folder.path(), true);
    let symbols = folder.path().join("symbols");
    let options =
        StoreOptions { stores: vec![symbols.clone()], cache: folder.path().join("cache") };
    let stock = Symbolizer::new(SimpleSymbolSupplier::new(vec![symbols]));
    let warm = SymbolStore::new(options.clone());
    println!("dump            | way                            | CPU ms/dump | dumps/s per core");
    for name in ["linux-x86_64", "windows-x86_64", "macos-x86_64"] {
        let dump = folder.path().join(name).with_extension("dmp");
        let report = |way: &str, milliseconds: f64| {
            println!("{name:15} | {way:30} | {milliseconds:11.2} | {:8.0}", 1_000.0 / milliseconds);
        };
        let stock_cost = measure(|| walk_stock(&dump, &stock));
        report("stock: Symbolizer, print_json", stock_cost);
        let ours = measure(|| walk_ours(&dump, &warm).len());
        report("ours", ours);
        report(
            "ours, symbols opened cold",
            measure(|| walk_ours(&dump, &SymbolStore::new(options.clone())).len()),
        );
        let json = walk_ours(&dump, &warm);
        report(
            "reading our JSON (the parent)",
            measure(|| serde_json::from_slice::<Map<String, Value>>(&json).unwrap().len()),
        );
        println!(
            "{name:15} | ours is {:.1} times as fast, {} bytes of JSON",
            stock_cost / ours,
            json.len()
        );
    }
    walk_hostile(folder.path(), &warm);
}

/// Dumps that cost the stock way seconds and gigabytes. What they cost a worker's memory is held by a
/// test, which prints it: `cargo test -p auxilio-stackwalk --test costs`.
fn walk_hostile(folder: &Path, store: &SymbolStore) {
    for bomb in BOMBS {
        let path = folder.join("hostile.dmp");
        fs::write(&path, bomb.build()).unwrap();
        let cost = measure(|| walk_ours(&path, store).len());
        let bytes = walk_ours(&path, store).len();
        println!("hostile: {:24} | {cost:7.1} CPU ms | {bytes:9} bytes of JSON", bomb.name);
    }
}

fn walk_stock(dump: &Path, symbols: &Symbolizer) -> usize {
    let dump = Minidump::read_path(dump).unwrap();
    let walk = minidump_processor::process_minidump(&dump, symbols);
    let state = futures::executor::block_on(walk).unwrap();
    let mut json = Vec::new();
    state.print_json(&mut json, false).unwrap();
    json.len()
}

fn walk_ours(dump: &Path, store: &SymbolStore) -> Vec<u8> {
    let mut map = DumpMap::open_file(dump).unwrap();
    walk_dump(&mut map, store, &DumpHints::default()).unwrap().json
}

/// CPU milliseconds of one run, after a first one that warms everything up.
fn measure(mut run: impl FnMut() -> usize) -> f64 {
    assert!(run() > 0);
    let begin = cpu_time();
    let mut runs = 0_u32;
    loop {
        assert!(run() > 0);
        runs += 1;
        let taken = cpu_time().saturating_sub(begin);
        if taken >= MEASURED {
            return taken.as_secs_f64() * 1_000.0 / f64::from(runs);
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("CPU time is positive"),
        u32::try_from(time.tv_nsec).expect("nanoseconds are below a thousand million"),
    )
}
