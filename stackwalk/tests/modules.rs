//! Odd modules: names that are no file names, records that contradict each other, symbols that are
//! not what they should be. Each shows in its own module's flags and nowhere else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use auxilio_stackwalk::{DumpHints, DumpMap, WalkFacts, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use auxilio_testkit::synthetic::{CODE, CODE_BYTES, Debug, Module, STACK, Synthetic, frame_chain};
use serde_json::Value;

const ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";
const OTHER_ID: &str = "6A9832E5287241C1838ED98914E9B7FF1";

/// A folder with a store of symbols, and a process's view of it.
struct Machine {
    folder: tempfile::TempDir,
    store: SymbolStore,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = vec![folder.path().join("store")];
        let store = SymbolStore::new(StoreOptions { stores, cache: folder.path().join("cache") });
        Self { folder, store }
    }

    fn sym(&self, name: &str, id: &str) -> PathBuf {
        let folder = self.folder.path().join("store").join(name).join(id);
        fs::create_dir_all(&folder).unwrap();
        folder.join(format!("{name}.sym"))
    }

    fn walk(&self, dump: &Synthetic) -> (Value, WalkFacts) {
        let path = self.folder.path().join("dump");
        fs::write(&path, dump.build()).unwrap();
        let mut map = DumpMap::open_file(&path).unwrap();
        let walked = walk_dump(&mut map, &self.store, &DumpHints::default()).unwrap();
        (serde_json::from_slice(&walked.json).unwrap(), walked.facts)
    }
}

fn text(id: &str, function: &str) -> String {
    format!("MODULE Linux x86_64 {id} app\nFILE 0 a.c\nFUNC 0 10000 0 {function}\n0 10000 7 0\n")
}

/// A dump with these modules and a thread for each, which begins in it.
fn dump_of(modules: Vec<Module>) -> Synthetic {
    let mut dump = Synthetic::new();
    for (module, id) in modules.iter().zip(1..) {
        let address = STACK + u64::from(id) * 0x1_0000;
        let stack = dump.memory(address, frame_chain(address, 64, module.base.wrapping_add(0x200)));
        dump.thread(id, stack);
        dump.threads.last_mut().unwrap().instruction = module.base.wrapping_add(0x100);
    }
    dump.modules = modules;
    dump
}

fn module(number: u64, name: &str) -> Module {
    Module::new(name, CODE + number * u64::from(CODE_BYTES))
}

/// Loaded, missing, corrupt, failed.
fn flags(json: &Value, number: usize) -> [bool; 4] {
    ["loaded_symbols", "missing_symbols", "corrupt_symbols", "failed_symbols"]
        .map(|flag| json["modules"][number][flag].as_bool().unwrap())
}

fn function(json: &Value, thread: usize) -> &Value {
    &json["threads"][thread]["frames"][0]["function"]
}

const FOUND: [bool; 4] = [true, false, false, false];
const ABSENT: [bool; 4] = [false, true, false, false];
const CORRUPT: [bool; 4] = [true, false, true, true];
const FAILED: [bool; 4] = [false, true, false, true];

#[test]
fn every_odd_symbol_file_shows_in_its_own_modules_flags() {
    let machine = Machine::new();
    let cases = [
        ("good", text(ID, "main"), FOUND),
        ("garbage", text(ID, "main") + "GARBAGE LINE\n", CORRUPT),
        ("endless", text(ID, "main").trim_end().to_owned(), CORRUPT),
        ("strange", text(OTHER_ID, "main"), CORRUPT),
        ("empty", String::new(), CORRUPT),
    ];
    for (name, text, _) in &cases {
        fs::write(machine.sym(name, ID), text).unwrap();
    }
    let unreadable = machine.sym("unreadable", ID);
    std::os::unix::fs::symlink(&unreadable, &unreadable).unwrap();
    let names = cases.iter().map(|(name, ..)| *name).chain(["unreadable", "absent"]).zip(0..);
    let modules = names.map(|(name, number)| module(number, name).with_debug(ID, name.as_bytes()));
    let (json, facts) = machine.walk(&dump_of(modules.collect()));
    let expected = cases.iter().map(|(.., flags)| *flags).chain([FAILED, ABSENT]);
    for (number, expected) in expected.enumerate() {
        assert_eq!(flags(&json, number), expected, "{}", json["modules"][number]["filename"]);
        assert_eq!(*function(&json, number) == "main", expected == FOUND);
    }
    assert_eq!((facts.symbols_failed, facts.symbols_absent), (5, 1));
    assert!(!facts.truncation.any());
}

#[test]
fn names_that_are_no_file_names_have_no_symbols_and_open_nothing() {
    let machine = Machine::new();
    // Where a store that believed such names would look.
    for outside in ["", "store", "store/a", "store/a/b", "store/.."] {
        let folder = machine.folder.path().join(outside).join(ID);
        fs::create_dir_all(&folder).unwrap();
        for name in ["...sym", "..sym", "b.sym", ".sym"] {
            fs::write(folder.join(name), text(ID, "outside")).unwrap();
        }
    }
    let long = "x".repeat(300);
    let names = ["..", "x\\..", "a/..", ".", "a\nb", &long];
    let modules = names.iter().zip(0..);
    let modules =
        modules.map(|(name, number)| module(number, name).with_debug(ID, name.as_bytes()));
    let (json, facts) = machine.walk(&dump_of(modules.collect()));
    for (number, name) in names.iter().enumerate() {
        assert_eq!(flags(&json, number), ABSENT, "{name:?}");
        assert_eq!(*function(&json, number), Value::Null);
    }
    assert_eq!((facts.symbols_failed, facts.symbols_absent), (0, 6));
}

#[test]
fn a_path_in_a_name_counts_by_its_leaf_and_a_zero_ends_it() {
    let machine = Machine::new();
    fs::write(machine.sym("b", ID), text(ID, "of b")).unwrap();
    let names: [&[u8]; 3] = [b"a/b", b"a\\b", b"b\0c"];
    let modules = names.iter().zip(0..);
    let modules = modules.map(|(name, number)| module(number, "app").with_debug(ID, name));
    let (json, _) = machine.walk(&dump_of(modules.collect()));
    for (number, name) in names.iter().enumerate() {
        assert_eq!(flags(&json, number), FOUND, "{name:?}");
        assert_eq!(*function(&json, number), "of b");
    }
}

#[test]
fn a_module_without_a_debug_file_goes_by_its_own_name_and_one_without_an_id_by_none() {
    let machine = Machine::new();
    fs::write(machine.sym("lib.so", ID), text(ID, "of lib")).unwrap();
    let nameless = module(0, "/usr/lib/lib.so").with_debug(ID, b"");
    let anonymous = Module { time: 0x4a5b_6c7d, ..module(1, "/usr/lib/lib.so") };
    let zero = Module { debug: Debug::BuildId([0; 20].into()), ..module(2, "/usr/lib/lib.so") };
    let mut dump = dump_of(vec![nameless, anonymous, zero]);
    dump.windows = true;
    let (json, facts) = machine.walk(&dump);
    assert_eq!(flags(&json, 0), FOUND);
    assert_eq!(*function(&json, 0), "of lib");
    for number in [1, 2] {
        assert_eq!(flags(&json, number), ABSENT);
    }
    assert_eq!(json["modules"][1]["code_id"], "4a5b6c7d100000");
    assert_eq!((facts.symbols_failed, facts.symbols_absent), (0, 2));
}

#[test]
fn two_modules_of_one_leaf_name_have_flags_of_their_own() {
    let machine = Machine::new();
    fs::write(machine.sym("lib.so", ID), text(ID, "of the first")).unwrap();
    let first = module(0, "/usr/lib/lib.so").with_debug(ID, b"lib.so");
    let second = module(1, "/opt/lib.so").with_debug(OTHER_ID, b"lib.so");
    let (json, _) = machine.walk(&dump_of(vec![first, second]));
    assert_eq!((flags(&json, 0), flags(&json, 1)), (FOUND, ABSENT));
    assert_eq!((function(&json, 0), function(&json, 1)), (&"of the first".into(), &Value::Null));
}

#[test]
fn overlapping_modules_are_listed_and_impossible_ones_left_out() {
    let machine = Machine::new();
    let over = Module { base: CODE + 0x8_0000, ..module(0, "over.so") };
    let empty = Module { size: 0, ..module(5, "empty.so") };
    let huge = Module { base: u64::MAX - 0x100, size: u32::MAX, ..module(0, "huge.so") };
    let (json, facts) = machine.walk(&dump_of(vec![module(0, "app"), over, empty, huge]));
    // As the reference does: one without a size, or beyond the end of memory, is nowhere.
    let modules = json["modules"].as_array().unwrap();
    let names: Vec<_> = modules.iter().map(|module| module["filename"].as_str().unwrap()).collect();
    assert_eq!(names, ["app", "over.so"]);
    assert_eq!(json["threads"][0]["frames"][0]["module"], "app");
    assert_eq!(json["threads"][2]["frames"][0]["module"], Value::Null);
    assert!(!facts.truncation.any());
}

#[test]
fn unloaded_modules_are_named_where_no_loaded_one_lies() {
    let machine = Machine::new();
    let mut dump = dump_of(vec![module(0, "app"), Module { size: 0, ..module(1, "gone.so") }]);
    dump.unloaded_modules =
        vec![module(0, "before.so"), module(1, "gone.so"), module(1, "older.so")];
    for exception in [None, Some(2)] {
        dump.exception = exception;
        let (json, facts) = machine.walk(&dump);
        let frame = |thread: usize| &json["threads"][thread]["frames"][0]["unloaded_modules"];
        assert_eq!(*frame(0), Value::Null, "a loaded module lies there");
        let named = frame(1).as_array().unwrap();
        let name = |number: usize| (&named[number]["module"], &named[number]["offsets"][0]);
        assert_eq!(name(0), (&"gone.so".into(), &"0x0000000000000100".into()));
        assert_eq!(name(1), (&"older.so".into(), &"0x0000000000000100".into()));
        assert!(!facts.truncation.any());
    }
}

#[test]
fn an_index_that_is_deleted_while_it_is_open_serves_on() {
    let machine = Machine::new();
    fs::write(machine.sym("app", ID), text(ID, "main")).unwrap();
    let dump = dump_of(vec![module(0, "app").with_debug(ID, b"app")]);
    let first = machine.walk(&dump).0;
    assert_eq!(*function(&first, 0), "main");
    fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    assert_eq!(machine.walk(&dump).0, first);
    // The symbols themselves are another thing: gone is absent, from the next dump on.
    fs::remove_file(machine.sym("app", ID)).unwrap();
    assert_eq!(flags(&machine.walk(&dump).0, 0), ABSENT);
}
