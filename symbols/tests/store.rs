//! Found, absent, corrupt and failed are four things, and an index is never trusted blindly.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use auxilio_symbols::{DumpSymbols, Lookup, ModuleSymbols, StoreOptions, SymbolPath, SymbolStore};
use breakpad_symbols::{SimpleFrame, SimpleModule, SymbolFile};
use futures::executor::block_on;
use minidump_unwind::SymbolProvider as _;

const ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";

/// A store with a cache, which counts the indexes that it makes.
struct Machine {
    folder: tempfile::TempDir,
    made: Arc<AtomicU64>,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: Arc::default() }
    }

    fn sym(&self) -> PathBuf {
        self.folder.path().join("store/app").join(ID).join("app.sym")
    }

    fn symx(&self) -> PathBuf {
        self.folder.path().join("cache/app").join(ID).join("app.symx")
    }

    fn write(&self, text: &str) {
        let path = self.sym();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As a store is to be written: beside, then renamed.
        let temporary = path.with_extension("tmp");
        fs::write(&temporary, text).unwrap();
        fs::rename(temporary, path).unwrap();
    }

    /// A new process's view: nothing open yet.
    fn store(&self) -> SymbolStore {
        let options = StoreOptions {
            stores: vec![self.folder.path().join("missing"), self.folder.path().join("store")],
            cache: self.folder.path().join("cache"),
        };
        let made = Arc::clone(&self.made);
        SymbolStore::with_on_indexing(options, move |_| {
            made.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }
}

fn text(function: &str) -> String {
    format!("MODULE Linux x86_64 {ID} app\nFILE 0 a.c\nFUNC 1000 10 0 {function}\n1000 10 7 0\n")
}

fn function_at(store: &SymbolStore, address: u64) -> Result<Option<String>, ModuleSymbols> {
    let module = SimpleModule::new("app", ID.parse().unwrap());
    let symbols = DumpSymbols::new(store);
    let mut frame = SimpleFrame::with_instruction(address);
    match block_on(symbols.fill_symbol(&module, &mut frame)) {
        Ok(()) => Ok(frame.function),
        Err(_) => Err(symbols.outcomes().remove(&0).unwrap()),
    }
}

#[test]
fn an_index_is_made_once_and_used_by_the_next_process() {
    let machine = Machine::new();
    machine.write(&text("main"));
    for _ in 0..3 {
        let store = machine.store();
        for _ in 0..2 {
            assert_eq!(function_at(&store, 0x1008), Ok(Some("main".to_owned())));
            assert_eq!(function_at(&store, 0x2000), Ok(None));
        }
    }
    assert_eq!(machine.made(), 1);
    assert!(fs::read(machine.symx()).unwrap().starts_with(b"AUXSYMX\x01"));
}

#[test]
fn a_changed_symbol_file_is_seen_even_by_a_process_that_has_the_old_one_open() {
    let machine = Machine::new();
    machine.write(&text("main"));
    let store = machine.store();
    assert_eq!(function_at(&store, 0x1008), Ok(Some("main".to_owned())));
    machine.write(&text("niam"));
    assert_eq!(function_at(&store, 0x1008), Ok(Some("niam".to_owned())));
    assert_eq!(machine.made(), 2);
}

#[test]
fn a_damaged_index_is_made_again() {
    let machine = Machine::new();
    machine.write(&text("main"));
    assert!(function_at(&machine.store(), 0x1008).is_ok());
    let whole = fs::read(machine.symx()).unwrap();
    let mut damaged: Vec<Vec<u8>> =
        (0..whole.len()).map(|length| whole[..length].to_vec()).step_by(7).collect();
    damaged.extend((0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    }));
    let count = damaged.len() as u64;
    for bytes in damaged {
        let temporary = machine.symx().with_extension("tmp");
        fs::write(&temporary, bytes).unwrap();
        fs::rename(&temporary, machine.symx()).unwrap();
        assert_eq!(function_at(&machine.store(), 0x1008), Ok(Some("main".to_owned())));
        assert_eq!(fs::read(machine.symx()).unwrap(), whole);
    }
    assert_eq!(machine.made(), 1 + count);
}

#[test]
fn symbols_serve_even_where_no_index_can_be_kept() {
    let machine = Machine::new();
    machine.write(&text("main"));
    // A file where the cache folder should be.
    fs::write(machine.folder.path().join("cache"), "").unwrap();
    assert_eq!(function_at(&machine.store(), 0x1008), Ok(Some("main".to_owned())));
}

#[test]
fn absent_corrupt_and_failed_are_told_apart() {
    let machine = Machine::new();
    assert_eq!(function_at(&machine.store(), 0x1008), Err(ModuleSymbols::Absent));

    fs::create_dir_all(machine.sym()).unwrap();
    assert_eq!(function_at(&machine.store(), 0x1008), Err(ModuleSymbols::Absent), "a folder");
    fs::remove_dir(machine.sym()).unwrap();

    symlink(machine.sym(), machine.sym()).unwrap();
    let Err(ModuleSymbols::Failed { reason }) = function_at(&machine.store(), 0x1008) else {
        panic!("a link to itself can't be opened")
    };
    assert!(reason.starts_with("open ") && reason.contains("app.sym: "), "{reason}");
    fs::remove_file(machine.sym()).unwrap();

    machine.write(&text("main"));
    assert!(function_at(&machine.store(), 0x1008).is_ok());
}

#[test]
fn what_the_reference_rejects_is_corrupt_and_stays_so() {
    let good = text("main");
    let endless = good.trim_end().to_owned();
    let many = (0..200_000).fold(good.clone(), |text, at| text + &format!("PUBLIC {at:x} 0 p\n"));
    let cases = [
        String::new(),
        endless,
        good.clone() + "FUNC xyz\n",
        good.clone() + "GARBAGE LINE\n",
        good.clone() + "STACK CFI INIT zz\n",
        format!("MODULE Linux x86_64 {ID} app\n1000 10 7 0\n"),
        good.clone() + "PUBLIC\n",
        good.clone() + "FUNC 2000 10 name\n",
        good.clone() + "INLINE 0 1 2\n",
        good.clone() + &good,
        many.clone() + "1000 10 7 0\n",
        many + "MODULE Linux x86_64 0 x\n",
    ];
    for text in cases {
        let machine = Machine::new();
        machine.write(&text);
        SymbolFile::from_file(&machine.sym()).expect_err("the reference rejects it");
        let first = function_at(&machine.store(), 0x1008);
        let Err(ModuleSymbols::Corrupt { reason }) = &first else {
            panic!("{first:?} of {:?}", &text[text.len().saturating_sub(99)..])
        };
        assert!(!reason.is_empty());
        assert_eq!(function_at(&machine.store(), 0x1008), first);
        assert_eq!(machine.made(), 1, "the verdict is kept");
    }
}

#[test]
fn a_long_file_is_judged_in_pieces_as_it_would_be_as_a_whole() {
    let machine = Machine::new();
    let mut long = text("main");
    for at in 0..400_000_u64 {
        let address = at * 16;
        writeln!(long, "FUNC {address:x} 10 0 function {at}\n{address:x} 10 {at} 0").unwrap();
    }
    assert!(long.len() > 12 << 20);
    machine.write(&long);
    let store = machine.store();
    assert_eq!(function_at(&store, 0x3008), Ok(Some("function 768".to_owned())));
    machine.write(&(long + "nonsense\n"));
    let Err(ModuleSymbols::Corrupt { reason }) = function_at(&store, 0x1008) else { panic!() };
    assert!(reason.ends_with(", line 800005"), "{reason}");
}

#[test]
fn lines_too_long_for_the_reference_are_skipped_as_it_does() {
    let machine = Machine::new();
    let long = "x".repeat(170_000);
    machine
        .write(&format!("{}FUNC 2000 10 0 {long}\n2000 10 7 0\nPUBLIC 3000 0 end\n", text("main")));
    let reference = SymbolFile::from_file(&machine.sym()).unwrap();
    assert_eq!(reference.functions.ranges_values().count(), 1);
    let store = machine.store();
    assert_eq!(function_at(&store, 0x1008), Ok(Some("main".to_owned())));
    assert_eq!(function_at(&store, 0x2008), Ok(None));
    assert_eq!(function_at(&store, 0x3008), Ok(Some("end".to_owned())));
}

#[test]
fn modules_with_one_name_have_outcomes_of_their_own() {
    let machine = Machine::new();
    machine.write(&text("main"));
    let store = machine.store();
    let symbols = DumpSymbols::new(&store);
    let module = |base, id: &str| {
        let mut module = SimpleModule::new("/usr/lib/app", id.parse().unwrap());
        module.code_file = Some("/usr/lib/app".to_owned());
        module.base_address = Some(base);
        module
    };
    let other = ID.replace('5', "6");
    for module in [module(0x10_0000, ID), module(0x20_0000, &other)] {
        let mut frame = SimpleFrame::with_instruction(0x10_1004);
        let _either = block_on(symbols.fill_symbol(&module, &mut frame));
    }
    let outcomes = symbols.outcomes();
    assert_eq!(outcomes[&0x10_0000], ModuleSymbols::Found { url: None });
    assert_eq!(outcomes[&0x20_0000], ModuleSymbols::Absent);
}

#[test]
fn hostile_module_names_never_leave_the_store() {
    let machine = Machine::new();
    // What the plain supplier would open for a module named `x\..`.
    let outside = machine.folder.path().join(ID);
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("...sym"), text("outside")).unwrap();
    let store = machine.store();
    for name in ["x\\..", "..", "a/..", ".", "", "a\0b", "\n"] {
        let module = SimpleModule::new(name, ID.parse().unwrap());
        let symbols = DumpSymbols::new(&store);
        let mut frame = SimpleFrame::with_instruction(0x1008);
        block_on(symbols.fill_symbol(&module, &mut frame)).expect_err("no symbols");
        assert_eq!(symbols.outcomes()[&0], ModuleSymbols::Absent, "{name:?}");
    }
    let path = SymbolPath::new("app", ID).unwrap();
    assert!(matches!(store.find(&path), Lookup::Absent));
    assert_eq!(path.sym_in(Path::new("/")), Path::new("/app").join(ID).join("app.sym"));
}
