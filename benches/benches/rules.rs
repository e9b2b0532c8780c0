//! CPU time of all rules on a crash of Firefox's size, beside what nobody can save: reading the
//! walker's answer and writing the processed crash.
//!
//! `cargo bench -p auxilio-benches --bench rules`. The real crashes are those of `../shared/corpus`.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod cpu;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;

use auxilio_common::{DumpName, RawCrash, RawEnvelope};
use auxilio_processor::{Context, WalkedDump, process};
use auxilio_signature::Lists;
use auxilio_stackwalk::{DumpHints, DumpMap, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use auxilio_testkit::corpus::{self, CorpusCrash};
use auxilio_testkit::raw::Recipe;
use serde_json::{Map, Value};

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus::unpack(folder.path()).unwrap();
    let options =
        StoreOptions { stores: vec![corpus.symbols.clone()], cache: folder.path().join("cache") };
    let store = SymbolStore::new(options);
    println!("crash           | JSON bytes | reading ms | rules ms | writing ms");
    for crash in &corpus.crashes {
        let mut dump = DumpMap::open_file(&crash.dump).unwrap();
        let json = walk_dump(&mut dump, &store, &DumpHints::default()).unwrap().json;
        let read = || serde_json::from_slice::<Map<String, Value>>(&json).unwrap();
        let raw = raw(crash);
        let reading = cpu::seconds(|| drop(black_box(read())));
        // The rules take the answer, so each run reads it anew; that is taken off again.
        let both = cpu::seconds(|| drop(black_box(processed(&raw, read()))));
        let made = processed(&raw, read()).crash;
        let writing = cpu::seconds(|| drop(black_box(serde_json::to_vec(&made).unwrap())));
        let [reading, rules, writing] =
            [reading, both - reading, writing].map(|seconds| seconds * 1_000.0);
        let (name, bytes) = (crash.name, json.len());
        println!("{name:15} | {bytes:10} | {reading:10.2} | {rules:8.2} | {writing:10.2}");
    }
}

fn processed(raw: &RawCrash, json_dump: Map<String, Value>) -> auxilio_processor::Processed {
    let walk =
        WalkedDump { status: "OK".to_owned(), json_dump: Some(json_dump), ..WalkedDump::default() };
    process(raw, BTreeMap::from([(DumpName::main(), walk)]), Context { lists: Lists::built_in() })
}

/// The crash with the client's own annotations.
fn raw(crash: &CorpusCrash) -> RawCrash {
    let extra: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(&crash.extra).unwrap()).unwrap();
    let mut recipe = Recipe::new("20261124".parse().unwrap(), 1).without_dumps();
    for (name, value) in extra {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        recipe = recipe.annotation(&name, &text);
    }
    recipe.envelope().raw_crash().clone()
}
