//! A look-up through the index says exactly what breakpad-symbols says of the whole file.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod corpus;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use auxilio_symbols::{DumpSymbols, StoreOptions, SymbolStore};
use breakpad_symbols::{FrameSymbolizer, FrameWalker, SimpleModule, SymbolFile};
use futures::executor::block_on;
use minidump_unwind::SymbolProvider as _;

const ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";
const BASE: u64 = 0x4000_0000;

/// Everything that a look-up says about a frame.
#[derive(Debug, Default, PartialEq, Eq)]
struct Frame {
    instruction: u64,
    function: Option<(String, u64, u32)>,
    source: Option<(String, u32, u64)>,
    inlines: Vec<(String, Option<String>, Option<u32>)>,
}

impl FrameSymbolizer for Frame {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }
    fn set_function(&mut self, name: &str, base: u64, parameter_size: u32) {
        self.function = Some((name.to_owned(), base, parameter_size));
    }
    fn set_source_file(&mut self, file: &str, line: u32, base: u64) {
        self.source = Some((file.to_owned(), line, base));
    }
    fn add_inline_frame(&mut self, name: &str, file: Option<&str>, line: Option<u32>) {
        self.inlines.push((name.to_owned(), file.map(str::to_owned), line));
    }
}

/// A machine whose registers and memory have made-up values; it notes what a walk sets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Walker {
    instruction: u64,
    has_grand_callee: bool,
    set: Vec<(String, Option<u64>)>,
}

impl FrameWalker for Walker {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }
    fn has_grand_callee(&self) -> bool {
        self.has_grand_callee
    }
    fn get_grand_callee_parameter_size(&self) -> u32 {
        8
    }
    fn get_register_at_address(&self, address: u64) -> Option<u64> {
        Some(address.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFF0)
    }
    fn get_callee_register(&self, name: &str) -> Option<u64> {
        Some(name.bytes().fold(0x7000, |value, byte| value * 31 % 0xFFFF_FFFF + u64::from(byte)))
    }
    fn set_caller_register(&mut self, name: &str, value: u64) -> Option<()> {
        self.set.push((name.to_owned(), Some(value)));
        Some(())
    }
    fn clear_caller_register(&mut self, name: &str) {
        self.set.push((name.to_owned(), None));
    }
    fn set_cfa(&mut self, value: u64) -> Option<()> {
        self.set.push(("cfa".to_owned(), Some(value)));
        Some(())
    }
    fn set_ra(&mut self, value: u64) -> Option<()> {
        self.set.push(("ra".to_owned(), Some(value)));
        Some(())
    }
    fn set_cfi_rules_start_address(&mut self, address: Option<u64>) {
        self.set.push(("rules".to_owned(), address));
    }
}

fn module(debug_file: &str, id: &str) -> SimpleModule {
    let mut module = SimpleModule::new(debug_file, id.parse().expect("a debug id"));
    module.base_address = Some(BASE);
    module.size = Some(1 << 30);
    module
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        self.0 >> 16
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Addresses that matter in a file: around every begin and end, and some in between.
fn addresses(file: &SymbolFile, numbers: &mut Numbers, most: usize) -> Vec<u64> {
    let mut edges: Vec<u64> = Vec::new();
    edges.extend(file.functions.ranges_values().flat_map(|(r, _)| [r.start, r.end]));
    edges.extend(file.cfi_stack_info.ranges_values().flat_map(|(r, _)| [r.start, r.end]));
    edges.extend(file.win_stack_framedata_info.ranges_values().map(|(r, _)| r.start));
    edges.extend(file.publics.iter().map(|public| public.address));
    let last = edges.iter().copied().max().unwrap_or(0);
    let mut all = vec![0, 1, last + 1, last + 4_096];
    for edge in edges {
        all.extend([edge.saturating_sub(1), edge, edge + 1, edge + 1 + numbers.below(64)]);
    }
    while all.len() > most {
        let gone = usize::try_from(numbers.below(all.len() as u64)).unwrap();
        all.swap_remove(gone);
    }
    all.extend((0..most / 2).map(|_| numbers.below(last + 64)));
    all
}

/// Compares every answer of both at each address, and returns how many named and unwound one.
fn compare(
    reference: &SymbolFile,
    symbols: &DumpSymbols<'_>,
    module: &SimpleModule,
    addresses: &[u64],
) -> (usize, usize) {
    let (mut named, mut unwound) = (0, 0);
    for address in addresses {
        let instruction = BASE + address;
        let mut expected = Frame { instruction, ..Frame::default() };
        reference.fill_symbol(module, &mut expected);
        let mut found = Frame { instruction, ..Frame::default() };
        block_on(symbols.fill_symbol(module, &mut found)).expect("the module has symbols");
        assert_eq!(
            found,
            expected,
            "{module_name:?} at {address:#x}",
            module_name = module.debug_file
        );
        named += usize::from(expected.function.is_some());

        let has_grand_callee = address % 2 == 0;
        let mut expected = Walker { instruction, has_grand_callee, ..Walker::default() };
        let expected_result = reference.walk_frame(module, &mut expected);
        let mut found = Walker { instruction, has_grand_callee, ..Walker::default() };
        let result = block_on(symbols.walk_frame(module, &mut found));
        // Registers are set in the order of a hash map, which is another one each time.
        expected.set.sort();
        found.set.sort();
        assert_eq!((result, &found), (expected_result, &expected), "walk at {address:#x}");
        unwound += usize::from(result.is_some());
    }
    (named, unwound)
}

fn store(stores: PathBuf, cache: &Path) -> SymbolStore {
    SymbolStore::new(StoreOptions { stores: vec![stores], cache: cache.to_owned() })
}

fn put(store: &Path, debug_file: &str, text: &str) {
    let folder = store.join(debug_file).join(ID);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{debug_file}.sym")), text).unwrap();
}

#[test]
fn every_symbol_file_of_the_real_crashes_gives_the_references_answers() {
    let folder = tempfile::tempdir().unwrap();
    corpus::unpack(folder.path(), true);
    let symbols_folder = folder.path().join("symbols");
    let cache = folder.path().join("cache");
    let store = store(symbols_folder.clone(), &cache);
    let mut numbers = Numbers(7);
    let (mut files, mut named, mut unwound) = (0, 0, 0);
    for debug_file in fs::read_dir(&symbols_folder).unwrap() {
        let debug_file = debug_file.unwrap();
        for id in fs::read_dir(debug_file.path()).unwrap() {
            let id = id.unwrap();
            let sym = fs::read_dir(id.path()).unwrap().next().unwrap().unwrap().path();
            let reference = SymbolFile::from_file(&sym).expect("the reference reads it");
            let name = debug_file.file_name().into_string().unwrap();
            let module = module(&name, id.file_name().to_str().unwrap());
            let symbols = DumpSymbols::new(&store);
            let addresses = addresses(&reference, &mut numbers, 2_000);
            let counts = compare(&reference, &symbols, &module, &addresses);
            (files, named, unwound) = (files + 1, named + counts.0, unwound + counts.1);
        }
    }
    println!("{files} files, {named} named and {unwound} unwound addresses are equal");
    assert!(files > 90 && named > 100_000 && unwound > 50_000);
}

/// A file with everything that is easy to get wrong.
const TRICKY: &str = "\
MODULE windows x86 5A9832E5287241C1838ED98914E9B7FF1 tricky\r
INFO CODE_ID 1234\r
INFO URL http://example.com/tricky.sym\r
FILE 0 old name of zero\r
FILE 1 one with spaces.c\r\r
FILE 0 zero.c\r
INLINE_ORIGIN 5 defined early, replaced later\r
PUBLIC 10 0 before everything\r
PUBLIC m 800 4 b at 800\r
PUBLIC 800 8 b at 800\r
PUBLIC 800 4 a at 800\r
\r
FUNC 1000 30 10 first of equals\r
INLINE 0 60 1 2 1000 20\r
INLINE 1 12 0 5 1000 10 1018 4\r
INLINE_ORIGIN 2 middle\r
INLINE_ORIGIN 5 defined inside\r
1000 10 42 1\r
1010 10 0 0\r
1020 0 9 9\r
1020 10 62 77\r
FUNC 1000 30 10 second of equals\r
1000 30 1 1\r
FUNC m 1020 40 0 begins inside of first\r
1020 40 2 1\r
FUNC 1060 40 0 behind\r
1060 8 3 0\r
1064 8 4 1\r
FUNC 2000 0 0 empty\r
FUNC 2000 10 0 on the empty one's place\r
2000 10 5 0\r
PUBLIC 1090 0 inside of behind\r
PUBLIC 2008 0 inside of another\r
PUBLIC 2100 0 after functions\r
INLINE_ORIGIN 5 defined last\r
STACK WIN 4 1000 30 1 1 4 0 0 0 1 $eip 4 + ^ = $esp $ebp 8 + =\r
STACK WIN 4 1004 2c 1 1 8 0 0 0 1 $T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =\r
STACK WIN 4 1002 2 1 1 c 0 0 0 1 $eip 8 + ^ = $esp $ebp 4 + =\r
STACK WIN 4 1060 40 1 1 10 0 0 0 0 wrong kind\r
STACK WIN 0 1060 40 1 1 14 4 4 0 0 1\r
STACK WIN 0 1060 40 1 1 18 4 4 0 0 0\r
STACK WIN 3 1060 40 1 1 1c 4 4 0 0 0\r
STACK CFI INIT 2000 10 .cfa: $esp 4 + .ra: .cfa 4 - ^\r
STACK CFI 2008 .cfa: $esp 8 +\r
STACK CFI 2004 .cfa: $esp 12 + $ebp: .cfa 8 - ^\r
STACK CFI INIT 2008 20 .cfa: $esp 16 + .ra: .cfa 4 - ^\r
STACK CFI INIT 2000 10 .cfa: $esp 20 + .ra: .cfa 4 - ^\r
STACK CFI INIT 2100 0 .cfa: $esp 20 + .ra: .cfa 4 - ^\r
STACK CFI 2100 .cfa: $esp 24 +\r
";

#[test]
fn overlaps_duplicates_and_redefinitions_are_resolved_as_the_reference_does() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "tricky", TRICKY);
    let store = store(folder.path().to_owned(), &folder.path().join("cache"));
    let symbols = DumpSymbols::new(&store);
    let reference = SymbolFile::from_bytes(TRICKY.as_bytes()).unwrap();
    let all: Vec<u64> = (0..0x2200).collect();
    let counts = compare(&reference, &symbols, &module("tricky", ID), &all);
    assert!(counts.0 > 0x1000 && counts.1 > 100, "{counts:?}");
    let outcomes = symbols.outcomes();
    let found = auxilio_symbols::ModuleSymbols::Found { url: Some(reference.url.unwrap()) };
    assert_eq!(outcomes, BTreeMap::from([(BASE, found)]));
}

/// A file of random records that overlap, repeat and refer to each other.
fn random_file(numbers: &mut Numbers) -> String {
    let mut text = String::from("MODULE Linux x86_64 5A9832E5287241C1838ED98914E9B7FF1 random\n");
    let mut line = |arguments: std::fmt::Arguments<'_>| text.write_fmt(arguments).unwrap();
    for number in 0..numbers.below(60) {
        let address = numbers.below(0x400);
        let (size, file, id) = (numbers.below(0x30), numbers.below(4), numbers.below(4));
        match numbers.below(8) {
            0 => line(format_args!("FILE {id} file {number}\n")),
            1 => line(format_args!("INLINE_ORIGIN {id} origin {number}\n")),
            2 => line(format_args!("PUBLIC {address:x} {id:x} public {}\n", numbers.below(9))),
            3 | 4 => {
                line(format_args!(
                    "FUNC {address:x} {size:x} {id:x} function {}\n",
                    numbers.below(9)
                ));
                for _ in 0..numbers.below(6) {
                    let at = address + numbers.below(0x30);
                    match numbers.below(4) {
                        0 => line(format_args!(
                            "INLINE {} {number} {file} {id} {at:x} {size:x} {address:x} 4\n",
                            numbers.below(3)
                        )),
                        1 => line(format_args!("INLINE_ORIGIN {id} inner origin {number}\n")),
                        _ => line(format_args!("{at:x} {:x} {number} {file}\n", numbers.below(9))),
                    }
                }
            }
            5 => {
                line(format_args!(
                    "STACK CFI INIT {address:x} {size:x} .cfa: $rsp {number} + .ra: .cfa -8 + ^\n"
                ));
                for _ in 0..numbers.below(4) {
                    let at = address + numbers.below(0x30);
                    line(format_args!("STACK CFI {at:x} .cfa: $rsp {} +\n", numbers.below(99)));
                }
            }
            6 => line(format_args!(
                "STACK WIN 4 {address:x} {size:x} 0 0 {number:x} 0 0 0 1 $eip $esp ^ = $esp $esp {number} + =\n"
            )),
            _ => line(format_args!("STACK WIN 0 {address:x} {size:x} 0 0 {number:x} 4 4 0 0 1\n")),
        }
    }
    text
}

#[test]
fn random_files_give_the_references_answers() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path().to_owned(), &folder.path().join("cache"));
    let mut numbers = Numbers(1);
    for round in 0..400 {
        let text = random_file(&mut numbers);
        let name = format!("random{round}");
        put(folder.path(), &name, &text);
        let reference = SymbolFile::from_bytes(text.as_bytes()).unwrap();
        let symbols = DumpSymbols::new(&store);
        let all: Vec<u64> = (0..0x460).collect();
        compare(&reference, &symbols, &module(&name, ID), &all);
    }
}
