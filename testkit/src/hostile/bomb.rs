//! Valid dumps whose reading costs far more than their bytes.

use crate::synthetic::{
    CODE, Debug, Module, STACK, Synthetic, Thread, copies, frame_chain, return_addresses,
};

const MB: usize = 1_000_000;

/// Bytes of the long names.
const LONG: usize = 2 << 20;

/// Streams by number that the builder has no name for.
const MEMORY_LIST: u32 = 5;
const MEMORY64_LIST: u32 = 9;
const MEMORY_INFO_LIST: u32 = 16;
const CPU_INFO: u32 = 0x4767_0003;
const PROC_STATUS: u32 = 0x4767_0004;
const LSB_RELEASE: u32 = 0x4767_0005;
const MAPS: u32 = 0x4767_0009;
const MAC_CRASH_INFO: u32 = 0x4d7a_0001;
const MAC_BOOT_ARGUMENTS: u32 = 0x4d7a_0002;
const HANDLES: u32 = 12;
const PROC_LIMITS: u32 = 0x4d7a_0003;
const SOFT_ERRORS: u32 = 0x4d7a_0004;

/// A bomb's recipe.
#[derive(Clone, Copy, Debug)]
pub struct Bomb {
    /// What it is called, its megabytes included.
    pub name: &'static str,
    /// What must come of it.
    pub effect: Effect,
    build: fn() -> Vec<u8>,
}

/// What must come of a bomb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A report that says what was left out.
    Truncated,
    /// A whole report: only its bytes are many.
    Whole,
}

impl Bomb {
    /// The dump.
    pub fn build(&self) -> Vec<u8> {
        (self.build)()
    }
}

const fn truncated(name: &'static str, build: fn() -> Vec<u8>) -> Bomb {
    Bomb { name, effect: Effect::Truncated, build }
}

const fn whole(name: &'static str, build: fn() -> Vec<u8>) -> Bomb {
    Bomb { name, effect: Effect::Whole, build }
}

/// All bombs. The numbers in their names are megabytes.
pub const BOMBS: &[Bomb] = &[
    truncated("overflow-8.4", || on_stack(frame_chain(STACK, 8 << 20, CODE + 0x200))),
    truncated("frame-chain-1", || on_stack(frame_chain(STACK, MB, CODE + 0x200))),
    truncated("frame-chain-4", || on_stack(frame_chain(STACK, 4 * MB, CODE + 0x200))),
    truncated("frame-chain-20", || on_stack(frame_chain(STACK, 20 * MB, CODE + 0x200))),
    truncated("scan-1", || on_stack(return_addresses(MB))),
    truncated("scan-4", || on_stack(return_addresses(4 * MB))),
    truncated("scan-20", || on_stack(return_addresses(20 * MB))),
    truncated("scan-two-modules-20", || on_stack(alternating(20 * MB))),
    truncated("threads-1", || threads(MB)),
    truncated("threads-20", || threads(20 * MB)),
    truncated("threads-own-stacks-20", own_stacks),
    truncated("modules-1.1", || modules(11 * MB / 10)),
    truncated("modules-20", || modules(20 * MB)),
    truncated("unloaded-modules-20", || unloaded(20 * MB)),
    truncated("unloaded-under-frames", unloaded_under_frames),
    truncated("thread-names-20", || threads_named("n", 20 * MB / 12)),
    truncated("long-thread-names", || threads_named(&"n".repeat(LONG), 4_000)),
    truncated("long-module-names", long_module_names),
    truncated("long-unloaded-names", long_unloaded_names),
    truncated("long-debug-files", long_debug_files),
    truncated("long-build-ids", long_build_ids),
    truncated("long-name-on-every-frame", long_name_on_every_frame),
    truncated("large-json", large_json),
    truncated("handles-20", || handles("h", 20 * MB / 32)),
    truncated("long-handle-names", || handles(&"h".repeat(LONG), 9_000)),
    whole("handle-details-in-a-ring", handle_ring),
    truncated("memory-list-20", || memory_list(20 * MB)),
    truncated("memory64-list-20", || memory64_list(20 * MB)),
    truncated("memory-info-20", || memory_info(20 * MB)),
    truncated("directory-20", || directory(20 * MB)),
    truncated("maps-20", || with_text(MAPS, "1000-2000 r--p 0 0:0 0 \n", 20 * MB)),
    truncated("maps-apart-20", maps_apart),
    truncated("cpu-info-20", || with_text(CPU_INFO, "a:b\n", 20 * MB)),
    truncated("proc-status-20", || with_text(PROC_STATUS, "a:b\n", 20 * MB)),
    truncated("lsb-release-20", || with_text(LSB_RELEASE, "a=b\n", 20 * MB)),
    truncated("proc-limits-20", proc_limits),
    truncated("long-lsb-release-20", long_lsb_release),
    truncated("mac-crash-info-20", mac_crash_info),
    truncated("mac-boot-arguments-20", mac_boot_arguments),
    truncated("soft-errors-20", || with_json("0,", 20 * MB)),
    truncated("soft-errors-of-lists-20", || with_json("[],", 20 * MB)),
    whole("heap-20", || on_heap(20 * MB)),
];

/// One thread on a stack.
fn on_stack(stack: Vec<u8>) -> Vec<u8> {
    let mut dump = Synthetic::new().with_modules(["/usr/bin/app", "/usr/lib/other.so"]);
    let stack = dump.memory(STACK, stack);
    dump.thread(1, stack);
    dump.exception = Some(1);
    dump.build()
}

/// A dump with an ordinary short stack, to be loaded with something else.
fn small() -> Synthetic {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 320, CODE + 0x200));
    dump.thread(1, stack);
    dump.exception = Some(1);
    dump
}

fn alternating(bytes: usize) -> Vec<u8> {
    let pair = [CODE + 0x200, CODE + 0x10_0300].map(u64::to_le_bytes);
    pair.as_flattened().repeat(bytes / 16)
}

/// Threads of 48 bytes each, all on one stack.
fn threads(bytes: usize) -> Vec<u8> {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 64 << 10, CODE + 0x200));
    for id in (0..).take(bytes / 48) {
        dump.thread(id, stack);
    }
    dump.exception = dump.threads.last().map(|thread| thread.id);
    dump.build()
}

/// 1,150 threads, each with 16 KiB of its own: as many frames as are kept.
fn own_stacks() -> Vec<u8> {
    let mut dump = Synthetic::new();
    for id in 0..1_150 {
        let address = STACK + u64::from(id) * (1 << 20);
        let stack = dump.memory(address, frame_chain(address, 16 << 10, CODE + 0x200));
        dump.thread(id, stack);
    }
    dump.exception = Some(1_149);
    dump.memory_list = true;
    dump.build()
}

fn modules(bytes: usize) -> Vec<u8> {
    let mut dump = small();
    dump = dump.with_modules(vec!["/usr/lib/a.so"; bytes / 108]);
    dump.build()
}

fn unloaded(bytes: usize) -> Vec<u8> {
    small().with_unloaded(vec!["/usr/lib/gone.so"; bytes / 24]).build()
}

/// Every frame of a long chain lies in thousands of unloaded modules.
fn unloaded_under_frames() -> Vec<u8> {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 64 << 10, 0x1234_5678));
    for id in 0..20 {
        dump.thread(id, stack);
    }
    dump.exception = Some(1);
    let gone = (0..4_000).map(|number| Module {
        size: 0x1_0000,
        ..Module::new(&format!("gone{number}.so"), 0x1234_0000)
    });
    dump.unloaded_modules = gone.collect();
    dump.build()
}

fn threads_named(name: &str, count: usize) -> Vec<u8> {
    let mut dump = small();
    dump.thread_names = Some((u32::try_from(count).unwrap_or(0), name.to_owned()));
    dump.build()
}

fn long_module_names() -> Vec<u8> {
    let mut dump = small();
    dump.modules = copies(&Module::new(&"m".repeat(LONG), CODE), 4_000);
    dump.build()
}

fn long_unloaded_names() -> Vec<u8> {
    let mut dump = small();
    dump.unloaded_modules = copies(&Module::new(&"u".repeat(LONG), 1 << 48), 4_000);
    dump.build()
}

fn long_debug_files() -> Vec<u8> {
    with_debug(Debug::Pdb { guid: [7; 16], age: 1, file: vec![b'd'; LONG].into() })
}

fn long_build_ids() -> Vec<u8> {
    with_debug(Debug::BuildId(vec![0xab; LONG].into()))
}

fn with_debug(debug: Debug) -> Vec<u8> {
    let mut dump = small();
    let module = Module { debug, ..Module::new("/usr/lib/a.so", CODE) };
    dump.modules = copies(&module, 4_000);
    dump.build()
}

/// A module whose record is large, and 20,000 frames in it.
fn long_name_on_every_frame() -> Vec<u8> {
    let mut dump = Synthetic::new().with_modules(["m".repeat(60_000)]);
    dump.modules[0].debug = Debug::Pdb { guid: [7; 16], age: 1, file: vec![b'd'; 60_000].into() };
    let stack = dump.memory(STACK, frame_chain(STACK, 16 << 10, CODE + 0x200));
    for id in 0..30 {
        dump.thread(id, stack);
    }
    dump.exception = Some(1);
    dump.build()
}

/// 20,000 frames in a module whose name is escaped to six times its length, zeros among it.
fn large_json() -> Vec<u8> {
    let mut dump = Synthetic::new().with_modules(["\u{1}\u{0}".repeat(40)]);
    let stack = dump.memory(STACK, frame_chain(STACK, 16 << 10, CODE + 0x200));
    for id in 0..30 {
        dump.thread(id, stack);
    }
    dump.exception = Some(1);
    dump.build()
}

fn handles(name: &str, count: usize) -> Vec<u8> {
    let mut dump = small();
    dump.windows = true;
    dump.handles = Some((u32::try_from(count).unwrap_or(0), name.to_owned()));
    dump.build()
}

/// Regions of 16 bytes' record, each of one byte of the header, each at a place of its own.
fn memory_list(bytes: usize) -> Vec<u8> {
    let mut list = Vec::with_capacity(bytes + 4);
    let regions = u32::try_from(bytes / 16).unwrap_or(0);
    list.extend_from_slice(&regions.to_le_bytes());
    for number in 0..u64::from(regions) {
        list.extend_from_slice(&(0x10_0000_0000 + number * 32).to_le_bytes());
        list.extend_from_slice([8_u32, 8].map(u32::to_le_bytes).as_flattened());
    }
    with_stream(MEMORY_LIST, list)
}

fn memory64_list(bytes: usize) -> Vec<u8> {
    let regions = (bytes / 16) as u64;
    let mut list = [regions, 0].map(u64::to_le_bytes).as_flattened().to_vec();
    for number in 0..regions {
        list.extend_from_slice(&(0x10_0000_0000 + number * 32).to_le_bytes());
        list.extend_from_slice(&1_u64.to_le_bytes());
    }
    with_stream(MEMORY64_LIST, list)
}

fn memory_info(bytes: usize) -> Vec<u8> {
    let regions = (bytes / 48) as u64;
    let mut list = [16_u32, 48].map(u32::to_le_bytes).as_flattened().to_vec();
    list.extend_from_slice(&regions.to_le_bytes());
    for number in 0..regions {
        let base = 0x10_0000_0000 + number * 0x2000;
        list.extend_from_slice([base, base, 4, 0x1000].map(u64::to_le_bytes).as_flattened());
        list.extend_from_slice([0x1000_u32, 4, 0x2_0000, 0].map(u32::to_le_bytes).as_flattened());
    }
    with_stream(MEMORY_INFO_LIST, list)
}

/// Streams of no known kind, none of them twice.
fn directory(bytes: usize) -> Vec<u8> {
    let mut dump = small();
    let kinds = (0x7000_0000..).take(bytes / 12);
    dump.raw_streams = kinds.map(|kind| (kind, Vec::new())).collect();
    dump.build()
}

fn maps_apart() -> Vec<u8> {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut at = 0x1000_u64;
    while text.len() < 20 * MB {
        // Writing to a string never fails.
        let _ = writeln!(text, "{at:x}-{:x} r--p 0 0:0 0 /a", at + 0x1000);
        at += 0x2000;
    }
    with_stream(MAPS, text.into_bytes())
}

fn proc_limits() -> Vec<u8> {
    use std::fmt::Write as _;
    let mut text =
        String::from("Limit                     Soft Limit           Hard Limit           Units\n");
    let mut number = 0;
    while text.len() < 20 * MB {
        let _ = writeln!(text, "Max {number}  1  2  b");
        number += 1;
    }
    with_stream(PROC_LIMITS, text.into_bytes())
}

/// A handle whose details say that they are followed by themselves.
fn handle_ring() -> Vec<u8> {
    let mut dump = small();
    dump.windows = true;
    // The first memory lies directly behind the header.
    let details = [32_u32, 1, 0].map(u32::to_le_bytes).as_flattened().to_vec();
    dump.memories.insert(0, (0x9000_0000, details));
    dump.threads[0].stack = Some(1);
    let mut list = [16_u32, 40, 1, 0].map(u32::to_le_bytes).as_flattened().to_vec();
    list.extend_from_slice(&[0; 32]);
    list.extend_from_slice([32_u32, 0].map(u32::to_le_bytes).as_flattened());
    dump.raw_streams.push((HANDLES, list));
    dump.build()
}

/// One name of many megabytes.
fn long_lsb_release() -> Vec<u8> {
    with_stream(LSB_RELEASE, format!("DISTRIB_ID={}\n", "l".repeat(20 * MB)).into_bytes())
}

/// Twenty records, all of them the same megabytes: each has five texts.
fn mac_crash_info() -> Vec<u8> {
    let text = [b"c".repeat(4 * MB - 1), vec![0]].concat();
    let mut record =
        [u64::from(MAC_CRASH_INFO), 5, 0, 0, 0].map(u64::to_le_bytes).as_flattened().to_vec();
    let fixed = u32::try_from(record.len()).unwrap_or(0);
    (0..5).for_each(|_| record.extend_from_slice(&text));
    let mut dump = small();
    // The first memory lies directly behind the header.
    let length = u32::try_from(record.len()).unwrap_or(0);
    dump.memories.insert(0, (0x9000_0000, record));
    dump.threads[0].stack = Some(1);
    let mut stream = [MAC_CRASH_INFO, 20, fixed].map(u32::to_le_bytes).as_flattened().to_vec();
    (0..20)
        .for_each(|_| stream.extend_from_slice([length, 32].map(u32::to_le_bytes).as_flattened()));
    dump.raw_streams.push((MAC_CRASH_INFO, stream));
    dump.build()
}

fn mac_boot_arguments() -> Vec<u8> {
    let mut text = u32::try_from(20 * MB).unwrap_or(0).to_le_bytes().to_vec();
    text.extend_from_slice(&b"b\0".repeat(10 * MB));
    let mut dump = small();
    dump.memories.insert(0, (0x9000_0000, text));
    dump.threads[0].stack = Some(1);
    let mut stream = MAC_BOOT_ARGUMENTS.to_le_bytes().to_vec();
    stream.extend_from_slice(&32_u64.to_le_bytes());
    dump.raw_streams.push((MAC_BOOT_ARGUMENTS, stream));
    dump.build()
}

fn with_text(kind: u32, line: &str, bytes: usize) -> Vec<u8> {
    with_stream(kind, line.repeat(bytes / line.len()).into_bytes())
}

fn with_json(item: &str, bytes: usize) -> Vec<u8> {
    let items = item.repeat(bytes / item.len());
    with_stream(SOFT_ERRORS, format!("[{}]", items.trim_end_matches(',')).into_bytes())
}

fn with_stream(kind: u32, bytes: Vec<u8>) -> Vec<u8> {
    let mut dump = small();
    dump.raw_streams.push((kind, bytes));
    dump.build()
}

/// Memory that no thread points at.
fn on_heap(bytes: usize) -> Vec<u8> {
    let mut dump = small();
    dump.memory(0x5000_0000_0000, vec![0x5a; bytes]);
    dump.memory_list = true;
    dump.threads.push(Thread { id: 2, stack: None, ..dump.threads[0].clone() });
    dump.build()
}
