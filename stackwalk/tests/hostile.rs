//! Broken and hostile dumps: a named refusal or a bounded report, never more.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../../symbols/tests/corpus/mod.rs"]
mod corpus;

use std::fmt::Write as _;
use std::fs;

use auxilio_common::limits;
use auxilio_stackwalk::{DumpHints, DumpMap, Truncation, Unreadable, WalkFacts, walk_dump};
use auxilio_symbols::{StoreOptions, SymbolStore};
use auxilio_testkit::synthetic::{CODE, STACK, Synthetic, Thread, frame_chain, return_addresses};
use serde_json::{Map, Value, json};

/// Streams of Mozilla's own: texts.
const MOZ_LINUX_LIMITS: u32 = 0x4d7a_0003;
const MOZ_SOFT_ERRORS: u32 = 0x4d7a_0004;

fn walk(bytes: &[u8]) -> Result<(Map<String, Value>, WalkFacts), Unreadable> {
    walk_with(bytes, &DumpHints::default())
}

fn walk_with(
    bytes: &[u8],
    hints: &DumpHints,
) -> Result<(Map<String, Value>, WalkFacts), Unreadable> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    fs::write(&path, bytes).unwrap();
    let mut dump = DumpMap::open_file(&path).unwrap();
    let options = StoreOptions { stores: Vec::new(), cache: folder.path().join("cache") };
    let walked = walk_dump(&mut dump, &SymbolStore::new(options), hints)?;
    assert_eq!(fs::read(&path).unwrap(), bytes, "the file itself is never changed");
    Ok((serde_json::from_slice(&walked.json).unwrap(), walked.facts))
}

fn status(bytes: &[u8]) -> String {
    walk(bytes).unwrap_err().status
}

fn frames(thread: &Value) -> usize {
    thread["frames"].as_array().unwrap().len()
}

fn threads(json: &Map<String, Value>) -> &[Value] {
    json["threads"].as_array().unwrap()
}

#[test]
fn every_broken_beginning_has_its_name() {
    let good = Synthetic::new().build();
    assert_eq!(status(&[]), "EmptyMinidump");
    assert_eq!(status(&good[..4]), "MissingHeader");
    assert_eq!(status(&good[..31]), "MissingHeader");
    assert_eq!(status(&good[..32]), "MissingDirectory");
    assert_eq!(status(&[b'x'; 4096]), "HeaderMismatch");
    let mut version = good.clone();
    version[4] ^= 1;
    assert_eq!(status(&version), "VersionMismatch");
    let mut swapped = good;
    swapped[..4].reverse();
    assert_eq!(status(&swapped), "VersionMismatch");
}

#[test]
fn a_dump_without_its_mandatory_streams_has_its_name() {
    let good = Synthetic::new().build();
    let directory = u32::from_le_bytes(*good[12..].first_chunk().unwrap()) as usize;
    let without = |kind: u8| {
        let mut bytes = good.clone();
        let entry = (0..9).map(|n| directory + n * 12).find(|at| good[*at] == kind).unwrap();
        bytes[entry] = 0;
        bytes
    };
    assert_eq!(status(&without(3)), "MissingThreadList");
    assert_eq!(status(&without(7)), "MissingSystemInfo");
    assert!(walk(&without(4)).is_ok(), "modules are not mandatory");
}

#[test]
fn a_real_dump_cut_anywhere_gives_a_name_or_a_report() {
    let folder = tempfile::tempdir().unwrap();
    corpus::unpack(folder.path(), false);
    for name in ["linux-x86_64.dmp", "windows-x86_64.dmp", "macos-x86_64.dmp"] {
        let whole = fs::read(folder.path().join(name)).unwrap();
        let (mut named, mut reported) = (0, 0);
        for part in 0..20 {
            match walk(&whole[..whole.len() * part / 20]) {
                Ok(_) => reported += 1,
                Err(unreadable) => {
                    assert!(unreadable.status.starts_with("Missing") || part == 0, "{unreadable}");
                    named += 1;
                }
            }
        }
        println!("{name}: {named} named, {reported} reported");
        assert_eq!(named + reported, 20);
    }
}

#[test]
fn an_ordinary_stack_overflow_keeps_both_ends_and_says_how_much_lies_between() {
    let mut dump = Synthetic::new();
    let long = dump.memory(STACK, frame_chain(STACK, 8 << 20, CODE + 0x200));
    let short = dump.memory(2 * STACK, frame_chain(2 * STACK, 160, CODE + 0x300));
    dump.thread(1, short);
    dump.thread(2, long);
    dump.exception = Some(2);
    let (json, facts) = walk(&dump.build()).unwrap();
    let kept = limits::FRAMES_COUNT_MAX;
    assert_eq!(frames(&threads(&json)[1]), kept);
    assert_eq!(frames(&json["crashing_thread"]), kept);
    assert_eq!(json["crashing_thread"]["threads_index"], 1);
    assert_eq!(json["crash_info"]["crashing_thread"], 1);
    // Each thread has 160 / 16 callers at most, and the frame of its context.
    assert!(frames(&threads(&json)[0]) > 8);
    let walked = threads(&json)[1]["frame_count"].as_u64().unwrap();
    let stack = &threads(&json)[1]["frames"];
    let number = |place: usize| stack[place]["frame"].as_u64();
    assert_eq!((number(0), number(249)), (Some(0), Some(249)));
    assert_eq!((number(251), number(499)), (Some(walked - 249), Some(walked - 1)));
    let mark = json!({"truncated": {"msg": format!("{} frames were left out here", walked - 499)}});
    assert_eq!(stack[250], mark);
    let expected = Truncation {
        stacks_cut: 1,
        stack_bytes_dropped: (8 << 20) - u64::from(limits::STACK_BYTES_MAX),
        // The mark is one of those that are there.
        frames_dropped: walked - kept as u64 + 1,
        ..Truncation::default()
    };
    assert_eq!(facts.truncation, expected);
    let truncation = serde_json::to_value(expected).unwrap();
    assert_eq!(json["truncation"], truncation);
}

#[test]
fn a_stack_below_whose_pointer_is_much_is_cut_behind_the_pointer() {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 1 << 20, CODE + 0x200));
    dump.thread(1, stack);
    dump.threads[0].stack_pointer += 1 << 19;
    dump.threads[0].frame_pointer += 1 << 19;
    let (json, facts) = walk(&dump.build()).unwrap();
    assert_eq!(frames(&threads(&json)[0]), limits::FRAMES_COUNT_MAX);
    let dropped = (1 << 19) - u64::from(limits::STACK_BYTES_MAX);
    assert_eq!(facts.truncation.stack_bytes_dropped, dropped);
}

#[test]
fn a_stack_that_is_found_by_its_pointer_alone_is_cut_too() {
    let mut dump = Synthetic::new();
    dump.memory(STACK, return_addresses(4 << 20));
    dump.memory_list = true;
    let stack_pointer = STACK + 4096;
    for id in 1..=3 {
        dump.threads.push(Thread {
            id,
            stack: None,
            instruction: CODE,
            stack_pointer,
            frame_pointer: 0,
        });
    }
    dump.exception = Some(3);
    let (json, facts) = walk(&dump.build()).unwrap();
    assert_eq!(facts.truncation.stacks_cut, 3);
    for thread in threads(&json) {
        assert_eq!(frames(thread), limits::FRAMES_COUNT_MAX);
        let walked = thread["frame_count"].as_u64().unwrap();
        assert!(walked <= u64::from(limits::STACK_BYTES_MAX) / 8 + 1, "{walked} frames");
    }
}

#[test]
fn many_threads_on_one_hostile_stack_share_a_budget_of_frames() {
    for stack in [
        return_addresses(64 << 10),
        frame_chain(STACK, 64 << 10, CODE + 0x200),
        // Outside of any module nobody is asked for symbols.
        frame_chain(STACK, 64 << 10, 0x1234_5678),
    ] {
        let mut dump = Synthetic::new();
        let stack = dump.memory(STACK, stack);
        for id in 0..3_000 {
            dump.thread(id, stack);
        }
        // Beyond the threads that are kept.
        dump.exception = Some(2_990);
        let (json, facts) = walk(&dump.build()).unwrap();
        let kept = limits::THREADS_COUNT_MAX as usize;
        assert_eq!(threads(&json).len(), kept);
        assert_eq!(facts.truncation.threads_dropped, 3_000 - kept as u64);
        assert_eq!(json["crashing_thread"]["thread_id"], 2_990);
        assert_eq!(json["crashing_thread"]["threads_index"], kept - 1);
        assert_eq!(frames(&json["crashing_thread"]), limits::FRAMES_COUNT_MAX);
        let all: usize = threads(&json).iter().map(frames).sum();
        assert!(all <= limits::FRAMES_TOTAL_MAX + kept, "{all} frames");
        assert!(threads(&json).iter().all(|thread| frames(thread) >= 1));
        assert!(facts.truncation.stacks_cut > 1_000);
    }
}

#[test]
fn modules_beyond_the_limit_are_dropped_and_counted() {
    let mut dump = Synthetic::new();
    dump = dump.with_modules((0..5_000).map(|number| format!("/lib/{number}.so")));
    dump = dump.with_unloaded((0..6_000).map(|_| "gone.so"));
    let stack = dump.memory(STACK, frame_chain(STACK, 160, CODE + 0x200));
    dump.thread(1, stack);
    let (json, facts) = walk(&dump.build()).unwrap();
    let kept = limits::MODULES_COUNT_MAX as usize;
    assert_eq!(json["modules"].as_array().unwrap().len(), kept);
    let unloaded = limits::UNLOADED_COUNT_MAX;
    assert_eq!(json["unloaded_modules"].as_array().unwrap().len(), unloaded);
    assert_eq!(facts.truncation.modules_dropped, 11_000 - kept as u64 - unloaded as u64);
    assert_eq!(threads(&json)[0]["frames"][0]["module"], "0.so");
}

#[test]
fn a_dump_without_a_crash_has_all_its_threads_and_no_crashing_one() {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 160, CODE + 0x200));
    for id in 1..=4 {
        dump.thread(id, stack);
    }
    for exception in [None, Some(99)] {
        dump.exception = exception;
        let (json, facts) = walk(&dump.build()).unwrap();
        assert_eq!(facts, WalkFacts { symbols_absent: 1, ..WalkFacts::default() });
        assert_eq!(threads(&json).len(), 4);
        assert_eq!(json["thread_count"], 4);
        assert_eq!(json.get("crashing_thread"), None);
        assert_eq!(json["crash_info"]["crashing_thread"], Value::Null);
        assert_eq!(json.get("truncation"), None);
    }
}

#[test]
fn what_a_hostile_module_is_called_is_only_text() {
    let names = ["..", "a\\..", "", "a\u{0}b", &"x".repeat(300)];
    let mut dump = Synthetic::new().with_modules(names);
    let stack = dump.memory(STACK, return_addresses(160));
    dump.thread(1, stack);
    let (json, facts) = walk(&dump.build()).unwrap();
    assert_eq!(facts.symbols_absent, 1);
    assert_eq!(json["modules"][0]["filename"], "..");
    assert_eq!(json["modules"][0]["missing_symbols"], true);
    assert_eq!(json["modules"][3]["filename"], "a\u{0}b");
}

#[test]
fn signers_reach_their_modules_whatever_else_the_client_says() {
    let mut dump = Synthetic::new().with_modules(["a.dll", "b.dll", "c.dll"]);
    let stack = dump.memory(STACK, return_addresses(160));
    dump.thread(1, stack);
    let bytes = dump.build();
    for (told, expected) in [
        (r#"{"Mine": ["a.dll"], "Theirs": ["b.dll", 7]}"#, [Some("Mine"), Some("Theirs"), None]),
        (r#"{"Mine": "a.dll", "Theirs": ["b.dll"], "x": null}"#, [None, Some("Theirs"), None]),
        ("[]", [None; 3]),
        ("{", [None; 3]),
        ("", [None; 3]),
    ] {
        let hints =
            DumpHints { module_signature_info: Some(told.to_owned()), ..DumpHints::default() };
        let (json, _) = walk_with(&bytes, &hints).unwrap();
        let signers = [0, 1, 2].map(|place| json["modules"][place]["cert_subject"].as_str());
        assert_eq!(signers, expected, "{told}");
        assert_eq!(json["modules_contains_cert_info"], expected != [None; 3], "{told}");
    }
}

#[test]
fn the_same_dump_gives_the_same_bytes_every_time() {
    let mut limits =
        String::from("Limit                     Soft Limit           Hard Limit           Units\n");
    for number in 0..16 {
        writeln!(limits, "Max thing {number}  {number}  unlimited  bytes").unwrap();
    }
    let mut dump = Synthetic::new();
    dump.raw_streams.push((MOZ_LINUX_LIMITS, limits.into_bytes()));
    let stack = dump.memory(STACK, frame_chain(STACK, 160, CODE + 0x200));
    dump.thread(1, stack);
    dump.exception = Some(1);
    let bytes = dump.build();
    let first = walk(&bytes).unwrap().0;
    assert_eq!(first["proc_limits"]["limits"].as_array().unwrap().len(), 16);
    for _ in 0..8 {
        assert_eq!(walk(&bytes).unwrap().0, first);
    }
}

#[test]
fn errors_of_the_dumps_writer_are_kept_unless_they_are_nested_too_deep() {
    let mut dump = Synthetic::new();
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for (levels, kept) in [(1, true), (20, true), (33, true), (34, false), (127, false)] {
        dump.raw_streams = vec![(MOZ_SOFT_ERRORS, nested(levels).into_bytes())];
        let (json, _) = walk(&dump.build()).unwrap();
        assert_eq!(json["soft_errors"].is_array(), kept, "{levels} levels");
        assert_eq!(json["soft_errors"].is_string(), !kept, "{levels} levels");
    }
}

#[test]
fn flipped_bits_give_a_name_or_a_report() {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 800, CODE + 0x200));
    for id in 1..=3 {
        dump.thread(id, stack);
    }
    dump.exception = Some(2);
    dump.memory_list = true;
    dump = dump.with_unloaded(["gone.so"; 3]);
    dump.thread_names = Some((3, "worker".to_owned()));
    let good = dump.build();
    let (mut named, mut reported) = (0, 0);
    for at in (0..good.len()).step_by(7) {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            match walk(&bytes) {
                Ok(_) => reported += 1,
                Err(_) => named += 1,
            }
        }
    }
    println!("{named} named, {reported} reported");
    assert!(named > 10 && reported > 500);
}
