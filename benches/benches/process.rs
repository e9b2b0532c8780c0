//! CPU time of processing one crash without its walk: from the walker's JSON to the bytes of the
//! document that the store keeps.
//!
//! `cargo bench -p auxilio-benches --bench process`. The crash of `auxilio-crashme` with eight
//! threads is the one that loads are measured with; the real ones are those of `../shared/corpus`.
//! All rules together should take less than a millisecond for a crash of Firefox: that is what remains of
//! a processing without the taking over of the walker's text, which is copied and checked to be JSON.
//! Beside it stands what `serde_json` takes to read the same document.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod cpu;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use auxilio_common::{
    DumpName, Generation, JsonText, ProcessedCrash, ProcessedDocument, ProcessedEnvelope, RawCrash,
    RawEnvelope,
};
use auxilio_processor::{Context, WalkedDump, Walks, process};
use auxilio_stackwalk::{DumpHints, DumpMap, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use auxilio_testkit::corpus::{self, CorpusCrash};
use auxilio_testkit::crashme::{self, Kind, Options};
use auxilio_testkit::raw::Recipe;
use serde_json::Value;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus::unpack(folder.path()).unwrap();
    let own = folder.path().join("own");
    crashme::write_symbols(&own).unwrap();
    let options = StoreOptions {
        stores: vec![corpus.symbols.clone(), own],
        cache: folder.path().join("cache"),
    };
    let store = SymbolStore::new(options);
    println!(
        "crash           | JSON bytes | document bytes | text ms | rules ms | whole ms | parse ms"
    );
    let dump = folder.path().join("dump");
    crashme::dump(Kind::Segv, Options { threads: 8, ..Options::default() }, &dump).unwrap();
    report("segv, 8 threads", &dump, &recipe().envelope().raw_crash().clone(), &store);
    for crash in &corpus.crashes {
        report(crash.name, &crash.dump, &raw(crash), &store);
    }
}

fn report(name: &str, dump: &Path, raw: &RawCrash, store: &SymbolStore) {
    let mut dump = DumpMap::open_file(dump).unwrap();
    let json = walk_dump(&mut dump, store, &DumpHints::default()).unwrap().json;
    let crash = || processed(raw, &json);
    let bytes = document(raw, crash()).len();
    let text = cpu::seconds(|| drop(black_box(walks(&json)))) * 1_000.0;
    let rules = cpu::seconds(|| drop(black_box(crash()))) * 1_000.0 - text;
    let whole = cpu::seconds(|| drop(black_box(document(raw, crash())))) * 1_000.0;
    // What it takes only to read such a document into a tree of values.
    let document = document(raw, crash());
    let parse = || drop(black_box(serde_json::from_slice::<Value>(&document).unwrap()));
    let parse = cpu::seconds(parse) * 1_000.0;
    let json = json.len();
    println!(
        "{name:15} | {json:10} | {bytes:14} | {text:7.3} | {rules:8.3} | {whole:8.3} | {parse:8.3}"
    );
}

fn processed(raw: &RawCrash, json: &[u8]) -> ProcessedCrash {
    process(raw, walks(json), Context::default()).crash
}

fn walks(json: &[u8]) -> Walks {
    let json_dump = JsonText::new(String::from_utf8(json.to_vec()).unwrap()).unwrap();
    let walk =
        WalkedDump { status: "OK".to_owned(), json_dump: Some(json_dump), ..WalkedDump::default() };
    BTreeMap::from([(DumpName::main(), walk)])
}

fn document(raw: &RawCrash, crash: ProcessedCrash) -> Vec<u8> {
    let at = raw.metadata.received_at;
    let envelope = ProcessedEnvelope {
        crash_id: raw.crash_id,
        generation: Generation::floor(at),
        quality: auxilio_common::Quality::Clean,
        processor: "bench".to_owned(),
        started_at: at,
        completed_at: at,
        failed_rules: Vec::new(),
        notes: Vec::new(),
        history: Vec::new(),
    };
    serde_json::to_vec(&ProcessedDocument { envelope, crash }).unwrap()
}

fn recipe() -> Recipe {
    Recipe::new("20261124".parse().unwrap(), 1).without_dumps()
}

/// The crash with the client's own annotations.
fn raw(crash: &CorpusCrash) -> RawCrash {
    let extra: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(&crash.extra).unwrap()).unwrap();
    let mut recipe = recipe();
    for (name, value) in extra {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        recipe = recipe.annotation(&name, &text);
    }
    recipe.envelope().raw_crash().clone()
}
