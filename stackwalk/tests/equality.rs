//! The real crashes give the report that minidump-processor itself prints, key by key.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../../symbols/tests/corpus/mod.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use auxilio_stackwalk::{DumpHints, DumpMap, Truncation, WalkFacts, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use breakpad_symbols::{SimpleSymbolSupplier, Symbolizer};
use minidump::Minidump;
use minidump_processor::ProcessorOptions;
use serde_json::{Map, Value};

type Json = Map<String, Value>;

/// What the processor prints with its own symbolizer, reading the annotations as it does.
fn reference(dump: &Path, symbols: &Path, extra: Option<&Path>) -> Json {
    let dump = Minidump::read_path(dump).unwrap();
    let symbolizer = Symbolizer::new(SimpleSymbolSupplier::new(vec![symbols.to_owned()]));
    let mut options = ProcessorOptions::stable_all();
    options.evil_json = extra;
    let walk = minidump_processor::process_minidump_with_options(&dump, &symbolizer, options);
    let state = futures::executor::block_on(walk).unwrap();
    let mut text = Vec::new();
    state.print_json(&mut text, false).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn ours(dump: &Path, store: &SymbolStore, extra: Option<&Path>) -> (Json, WalkFacts) {
    let mut hints = DumpHints::default();
    if let Some(extra) = extra {
        let extra: Value = serde_json::from_slice(&fs::read(extra).unwrap()).unwrap();
        let text = |key: &str| match &extra[key] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        hints.module_signature_info = text("ModuleSignatureInfo");
        hints.cpu_microcode_version = text("CPUMicrocodeVersion");
    }
    let mut map = DumpMap::open_file(dump).unwrap();
    let walked = walk_dump(&mut map, store, &hints).unwrap();
    (serde_json::from_slice(&walked.json).unwrap(), walked.facts)
}

/// Compares without printing megabytes: names the first place that differs.
fn assert_same(path: &str, ours: &Value, reference: &Value) {
    match (ours, reference) {
        (Value::Object(ours), Value::Object(reference)) => {
            let keys: BTreeSet<_> = ours.keys().chain(reference.keys()).collect();
            for key in keys {
                let both = (ours.get(key), reference.get(key));
                let (Some(ours), Some(reference)) = both else { panic!("{path}.{key}: {both:?}") };
                assert_same(&format!("{path}.{key}"), ours, reference);
            }
        }
        (Value::Array(ours), Value::Array(reference)) => {
            assert_eq!(ours.len(), reference.len(), "{path}");
            for (number, (ours, reference)) in ours.iter().zip(reference).enumerate() {
                assert_same(&format!("{path}[{number}]"), ours, reference);
            }
        }
        _ => assert_eq!(ours, reference, "{path}"),
    }
}

/// Takes out what is ours, and what the reference gets wrong: it tells modules apart by leaf name,
/// so that of several modules with one name all share the outcome of the last that was asked for.
fn strip_modules(ours: &mut Json, reference: &mut Json) {
    let modules = |json: &Json| json["modules"].as_array().unwrap().clone();
    let names: Vec<Value> =
        modules(reference).iter().map(|module| module["filename"].clone()).collect();
    for json in [ours, reference] {
        for module in json["modules"].as_array_mut().unwrap() {
            let module = module.as_object_mut().unwrap();
            module.remove("failed_symbols");
            if names.iter().filter(|name| **name == module["filename"]).count() > 1 {
                module.retain(|key, _| !key.ends_with("_symbols"));
            }
        }
    }
}

#[test]
fn the_three_real_crashes_give_the_processors_own_report() {
    let folder = tempfile::tempdir().unwrap();
    corpus::unpack(folder.path(), true);
    let symbols = folder.path().join("symbols");
    let cache = folder.path().join("cache");
    let store = SymbolStore::new(StoreOptions { stores: vec![symbols.clone()], cache });
    for name in ["linux-x86_64", "windows-x86_64", "macos-x86_64"] {
        let dump = folder.path().join(name).with_extension("dmp");
        let extra = folder.path().join(name).with_extension("extra");
        for (symbols, store) in [
            (symbols.as_path(), &store),
            (
                Path::new("/nowhere"),
                &SymbolStore::new(StoreOptions {
                    stores: Vec::new(),
                    cache: folder.path().join("unused"),
                }),
            ),
        ] {
            let mut reference = reference(&dump, symbols, Some(&extra));
            let (mut ours, facts) = ours(&dump, store, Some(&extra));
            assert_eq!(facts.truncation, Truncation::default(), "{name}");
            assert_eq!(facts.symbols_failed, 0, "{name}");
            strip_modules(&mut ours, &mut reference);
            let frames = |json: &Json| -> usize {
                let threads = json["threads"].as_array().unwrap();
                threads.iter().map(|thread| thread["frames"].as_array().unwrap().len()).sum()
            };
            println!(
                "{name}: {} threads, {} frames",
                ours["threads"].as_array().unwrap().len(),
                frames(&ours)
            );
            assert!(frames(&ours) > 100);
            assert_same(name, &Value::Object(ours), &Value::Object(reference));
        }
    }
}

#[test]
fn symbols_that_are_corrupt_or_unreadable_are_told_from_absent_ones() {
    let folder = tempfile::tempdir().unwrap();
    corpus::unpack(folder.path(), true);
    let symbols = folder.path().join("symbols");
    let files = |debug_file: &str| -> Vec<PathBuf> {
        let ids = fs::read_dir(symbols.join(debug_file)).unwrap();
        ids.map(|id| id.unwrap().path().join(format!("{debug_file}.sym"))).collect()
    };
    for sym in files("libc.so.6") {
        let mut text = fs::read(&sym).unwrap();
        text.extend(b"GARBAGE LINE\n");
        fs::write(&sym, text).unwrap();
    }
    for sym in files("libglib-2.0.so.0") {
        fs::remove_file(&sym).unwrap();
        std::os::unix::fs::symlink(&sym, &sym).unwrap();
    }
    let cache = folder.path().join("cache");
    let store = SymbolStore::new(StoreOptions { stores: vec![symbols], cache });
    let (json, facts) = ours(&folder.path().join("linux-x86_64.dmp"), &store, None);
    assert_eq!(facts.symbols_failed, 2);
    assert!(facts.symbols_absent > 0);
    let flags = |filename: &str| {
        let modules = json["modules"].as_array().unwrap();
        let named = |module: &&Value| module["filename"].as_str().unwrap().starts_with(filename);
        let module = modules.iter().find(named).unwrap();
        ["loaded", "missing", "corrupt", "failed"]
            .map(|flag| module[format!("{flag}_symbols")].as_bool().unwrap())
    };
    assert_eq!(flags("libc.so.6"), [true, false, true, true]);
    assert_eq!(flags("libglib-2.0.so.0"), [false, true, false, true]);
    assert_eq!(flags("libxul.so"), [false, true, false, false]);
    assert_eq!(flags("libpthread.so.0"), [true, false, false, false]);
}
