//! Each kind of crash, read back with minidump-processor's own symbolizer: reason, address, function,
//! file and line must be those of the program's source.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use auxilio_testkit::crashme::{self, Kind, Options};
use minidump::Minidump;
use minidump_processor::ProcessState;
use minidump_unwind::{StackFrame, Symbolizer, simple_symbol_supplier};

/// The source of the crashes, in which their lines are marked.
const SOURCE: &str = include_str!("../src/bin/auxilio-crashme/crash.rs");
const SOURCE_PATH: &str = "src/bin/auxilio-crashme/crash.rs";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_auxilio-crashme"))
}

/// The program's symbols, written once for all tests.
fn symbols() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        crashme::write_symbols_of(program(), folder.path()).unwrap();
        folder
    });
    folder.path().to_owned()
}

/// The line of `crash.rs` that ends in a mark.
fn line_of(mark: &str) -> u32 {
    let ends = |line: &str| line.ends_with(&format!("// {mark}"));
    let place = SOURCE.lines().position(ends).unwrap_or_else(|| panic!("no mark {mark}"));
    u32::try_from(place).unwrap() + 1
}

fn dump(kind: Kind, options: Options) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.dmp");
    crashme::dump_with(program(), kind, options, &path).unwrap();
    std::fs::read(path).unwrap()
}

fn process(dump: Vec<u8>) -> ProcessState {
    let dump = Minidump::read(dump).unwrap();
    let symbolizer = Symbolizer::new(simple_symbol_supplier(vec![symbols()]));
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(minidump_processor::process_minidump(&dump, &symbolizer))
        .unwrap()
}

fn frames(state: &ProcessState) -> &[StackFrame] {
    let thread = state.requesting_thread.expect("a crashing thread");
    &state.threads[thread].frames
}

/// The last part of a function's path.
fn leaf(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

fn is_at(file: Option<&str>, line: Option<u32>, mark: &str) -> bool {
    file.is_some_and(|file| file.ends_with(SOURCE_PATH)) && line == Some(line_of(mark))
}

/// Compares a report with what the kind promises; the stack overflow has a test of its own.
fn check(kind: Kind) {
    let expected = kind.expectation();
    let state = process(dump(kind, Options::default()));
    let crash = state.exception_info.as_ref().expect("an exception");
    assert_eq!(crash.reason.to_string(), expected.reason, "{kind:?}");
    assert_eq!(crash.address.0 != 0, expected.has_address, "{kind:?}: {}", crash.address);

    let named =
        |frame: &StackFrame| frame.function_name.as_deref().map(leaf) == Some(expected.function);
    let place = frames(&state).iter().position(named);
    let place = place.unwrap_or_else(|| panic!("{kind:?}: {:#?}", names(&state)));
    assert_eq!(place == 0, expected.is_top, "{kind:?}: {:#?}", names(&state));

    // The walk goes on to the very start, through the C library and Rust's own.
    let walked = &names(&state)[place..];
    assert!(walked.contains(&Some("auxilio_crashme::main")), "{kind:?}: {walked:#?}");

    let frame = &frames(&state)[place];
    let inlines: Vec<_> = frame.inlines.iter().map(|inline| leaf(&inline.function_name)).collect();
    assert_eq!(inlines, expected.inlines, "{kind:?}");
    let crash_mark = format!("crash: {}", kind.name());
    let mut marks = vec![crash_mark];
    marks.extend(expected.inlines.iter().map(|function| format!("inline: {function}")));
    for (inline, mark) in frame.inlines.iter().zip(&marks) {
        assert!(is_at(inline.source_file_name.as_deref(), inline.source_line, mark), "{inline:?}");
    }
    let outermost = marks.last().unwrap();
    let (file, line) = (frame.source_file_name.as_deref(), frame.source_line);
    assert!(is_at(file, line, outermost), "{kind:?}: {outermost} at {file:?}:{line:?}");
}

fn names(state: &ProcessState) -> Vec<Option<&str>> {
    frames(state).iter().map(|frame| frame.function_name.as_deref()).collect()
}

#[test]
fn every_kind_is_read_back_with_its_reason_function_file_and_line() {
    for kind in Kind::all().iter().filter(|kind| **kind != Kind::StackOverflow) {
        check(*kind);
    }
}

#[test]
fn addresses_are_those_of_the_fault() {
    let segv = process(dump(Kind::Segv, Options::default()));
    assert_eq!(segv.exception_info.as_ref().unwrap().address.0, 0x45);
    let ill = process(dump(Kind::Ill, Options::default()));
    assert_eq!(ill.exception_info.as_ref().unwrap().address.0, frames(&ill)[0].instruction);
}

#[test]
fn a_stack_overflow_has_the_whole_stack() {
    let dump = dump(Kind::StackOverflow, Options::default());
    assert!(dump.len() > 8_000_000, "{} bytes", dump.len());
    // Walking all of it takes seconds and a GiB: the stacks are cut, as the processor cuts them.
    let state = process(cut_stacks(dump, 64 * 1024));
    let crash = state.exception_info.as_ref().unwrap();
    assert_eq!(crash.reason.to_string(), Kind::StackOverflow.expectation().reason);
    assert_ne!(crash.address.0, 0);
    assert!(frames(&state).len() > 100);
    let second = &frames(&state)[1];
    let (file, line) = (second.source_file_name.as_deref(), second.source_line);
    assert!(is_at(file, line, "crash: stack-overflow"), "{file:?}:{line:?}");
    let named = frames(&state)[..100]
        .iter()
        .all(|frame| frame.function_name.as_deref().map(leaf) == Some("crash_stack_overflow"));
    assert!(named, "{:#?}", &names(&state)[..100]);
}

/// Lowers each thread's stack size in the dump to at most `bytes`.
fn cut_stacks(mut dump: Vec<u8>, bytes: u32) -> Vec<u8> {
    let number = |dump: &[u8], at: usize| u32::from_le_bytes(dump[at..at + 4].try_into().unwrap());
    // MINIDUMP_HEADER: count of streams at 8, their directory at 12; ThreadListStream is type 3.
    let directory = number(&dump, 12) as usize;
    let entry = (0..number(&dump, 8) as usize)
        .map(|place| directory + 12 * place)
        .find(|entry| number(&dump, *entry) == 3)
        .unwrap();
    let list = number(&dump, entry + 8) as usize;
    for thread in 0..number(&dump, list) as usize {
        // MINIDUMP_THREAD has 48 bytes; its stack's size stands at 32.
        let size = list + 4 + 48 * thread + 32;
        let cut = number(&dump, size).min(bytes);
        dump[size..size + 4].copy_from_slice(&cut.to_le_bytes());
    }
    dump
}

#[test]
fn threads_have_names_and_each_kilobyte_of_stack_a_frame() {
    let options = Options { threads: 5, stack_kb: 8, depth: 3, ..Options::default() };
    let state = process(dump(Kind::Abort, options));
    assert_eq!(state.threads.len(), 6);
    let worker = state.threads.iter().find(|t| t.thread_name.as_deref() == Some("worker-5"));
    let is_sleep =
        |frame: &&StackFrame| frame.function_name.as_deref().map(leaf) == Some("sleep_under");
    assert_eq!(worker.unwrap().frames.iter().filter(is_sleep).count(), 9);
    let descents = names(&state).into_iter().flatten().filter(|name| leaf(name) == "descend");
    assert_eq!(descents.count(), 4);
}

#[test]
fn sizes_go_from_twenty_kilobytes_to_over_twenty_megabytes() {
    let size = |options| dump(Kind::Segv, options).len();
    let small = size(Options::default());
    assert!((15_000..50_000).contains(&small), "{small}");
    let stacks = size(Options { threads: 35, stack_kb: 14, ..Options::default() });
    assert!((800_000..2_500_000).contains(&stacks), "{stacks}");
    let heap = size(Options { app_mb: 21, app_regions: 50, ..Options::default() });
    assert!((21_000_000..24_000_000).contains(&heap), "{heap}");
}

#[test]
fn the_dump_holds_nothing_of_the_callers_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.dmp");
    let status = Command::new(program())
        .arg("segv")
        .arg(&path)
        .env("AUXILIO_TEST_SECRET", "walnut-4711")
        .status()
        .unwrap();
    assert!(status.success());
    let dump = std::fs::read(path).unwrap();
    assert!(!dump.windows(11).any(|bytes| bytes == b"walnut-4711"));
}

#[test]
fn the_program_writes_the_symbols_that_the_library_writes() {
    let store = tempfile::tempdir().unwrap();
    let status = Command::new(program()).arg("--symbols").arg(store.path()).status().unwrap();
    assert!(status.success());
    let files = |store: &Path| -> Vec<PathBuf> {
        let ids = std::fs::read_dir(store.join("auxilio-crashme")).unwrap();
        ids.map(|id| id.unwrap().path().join("auxilio-crashme.sym")).collect()
    };
    let (theirs, ours) = (files(store.path()), files(&symbols()));
    assert_eq!((theirs.len(), ours.len()), (1, 1));
    assert!(std::fs::read(&theirs[0]).unwrap() == std::fs::read(&ours[0]).unwrap());
    assert!(store.path().join("libc.so.6").is_dir());
}

#[test]
fn the_list_names_every_kind_and_wrong_usage_ends_with_two() {
    let run = |arguments: &[&str]| Command::new(program()).args(arguments).output().unwrap();
    let list = String::from_utf8(run(&["--list"]).stdout).unwrap();
    let kinds: Vec<_> = Kind::all().iter().map(|kind| kind.name()).collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), kinds);
    for wrong in [&[][..], &["segv"], &["no-such-kind", "x.dmp"]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let unwritable = run(&["segv", "/no/such/folder/x.dmp"]);
    assert_eq!(unwritable.status.code(), Some(1));
    assert!(String::from_utf8(unwritable.stderr).unwrap().contains("/no/such/folder/x.dmp"));
}
