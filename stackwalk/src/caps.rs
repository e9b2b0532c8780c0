//! Cuts a dump to the limits, in place, before it is processed.
//!
//! A walk goes on to the end of the thread's stack and cannot be stopped, so what must not be done
//! has to be gone from the dump: threads, modules and handles beyond the limits, and the
//! bytes of stacks beyond them. Of a stack the innermost part stays, and the crashing thread is
//! never among the threads that go.

use auxilio_common::limits;
use minidump::{
    Minidump, MinidumpBreakpadInfo, MinidumpException, MinidumpMiscInfo, MinidumpStream,
    MinidumpSystemInfo, MinidumpThreadList, UnifiedMemory,
};
use minidump_common::format::MINIDUMP_STREAM_TYPE as Stream;

use crate::Truncation;
use crate::raw_dump::RawDump;

/// Bytes of a thread's record, and where in it its stack's start, length and place stand.
pub(crate) const THREAD_BYTES: usize = 48;
const STACK_START_AT: usize = 24;
const STACK_LENGTH_AT: usize = 32;
const STACK_PLACE_AT: usize = 36;

/// Bytes of a module's record.
const MODULE_BYTES: usize = 108;

/// Bytes of a thread name's record.
const THREAD_NAME_BYTES: usize = 12;

/// Where the count stands in lists that begin with the sizes of their header and entries.
const EXTENDED_COUNT_AT: usize = 8;

/// Bytes of stack that every thread keeps when the sum of all is used up: the walker needs a word
/// at the stack pointer, else it looks for another, uncut place of the same memory.
const STACK_BYTES_MIN: usize = 16;

/// Cuts a dump to the limits. Fails as the reader of dumps does.
pub(crate) fn apply(bytes: &mut [u8]) -> Result<Truncation, minidump::Error> {
    let crashing = crashing_thread(&Minidump::read(&*bytes)?);
    let mut truncation = Truncation::default();
    let mut raw = RawDump::new(bytes);
    cut_threads(&mut raw, crashing, &mut truncation);
    cut_modules(&mut raw, &mut truncation);
    let stacks = stacks(bytes, crashing)?;
    cut_stacks(&mut RawDump::new(bytes), stacks, &mut truncation);
    Ok(truncation)
}

/// The id of the thread that the report is about, by the processor's own order of sources.
pub(crate) fn crashing_thread(dump: &Minidump<'_, &[u8]>) -> Option<u32> {
    if let Ok(exception) = dump.get_stream::<MinidumpException<'_>>() {
        return Some(exception.get_crashing_thread_id());
    }
    dump.get_stream::<MinidumpBreakpadInfo>().ok()?.requesting_thread_id
}

fn cut_threads(raw: &mut RawDump<'_>, crashing: Option<u32>, truncation: &mut Truncation) {
    let keep = limits::THREADS_COUNT_MAX as usize;
    if let Some(names) = raw.stream(Stream::ThreadNamesStream as u32) {
        raw.cut_list(names, THREAD_NAME_BYTES, 2 * keep);
    }
    let Some(stream) = raw.stream(Stream::ThreadListStream as u32) else { return };
    let Some((first, count)) = raw.list(stream, THREAD_BYTES) else { return };
    if count <= keep {
        return;
    }
    let at = |number: usize| first + number * THREAD_BYTES;
    let crashing_at = (keep..count).rev().find(|number| raw.u32(at(*number)) == crashing);
    if let (Some(number), true) = (crashing_at, crashing.is_some()) {
        raw.copy(at(number), at(keep - 1), THREAD_BYTES);
    }
    raw.cut_list(stream, THREAD_BYTES, keep);
    truncation.threads_dropped = (count - keep) as u64;
}

fn cut_modules(raw: &mut RawDump<'_>, truncation: &mut Truncation) {
    let keep = limits::MODULES_COUNT_MAX as usize;
    if let Some(stream) = raw.stream(Stream::ModuleListStream as u32)
        && let Some((_, count)) = raw.list(stream, MODULE_BYTES)
    {
        raw.cut_list(stream, MODULE_BYTES, keep);
        truncation.modules_dropped += count.saturating_sub(keep) as u64;
    }
    truncation.modules_dropped += cut_extended(raw, Stream::UnloadedModuleListStream, keep);
    cut_extended(raw, Stream::HandleDataStream, limits::HANDLES_COUNT_MAX);
}

/// Cuts a list whose header says its own length; says how many entries went.
fn cut_extended(raw: &mut RawDump<'_>, stream: Stream, keep: usize) -> u64 {
    let Some(stream) = raw.stream(stream as u32) else { return 0 };
    let at = stream.begin + EXTENDED_COUNT_AT;
    match raw.u32(at) {
        Some(count) if count as usize > keep && stream.length > EXTENDED_COUNT_AT + 4 => {
            raw.set_u32(at, keep);
            u64::from(count) - keep as u64
        }
        _ => 0,
    }
}

/// The memory that a thread's walk would read.
#[derive(Clone, Copy, Debug)]
struct Stack {
    /// The thread's place in the list.
    thread: usize,
    /// Address of the first byte.
    base: u64,
    /// Where the bytes stand in the dump.
    place: usize,
    /// How many there are.
    length: usize,
    /// How many of them lie below the stack pointer: they give no frames.
    below: usize,
    crashing: bool,
}

/// Finds each thread's stack as the processor does: the thread's own memory, unless the stack
/// pointer points elsewhere.
fn stacks(bytes: &[u8], crashing: Option<u32>) -> Result<Vec<Stack>, minidump::Error> {
    let dump = Minidump::read(bytes)?;
    let (Ok(threads), Ok(system)) =
        (dump.get_stream::<MinidumpThreadList<'_>>(), dump.get_stream::<MinidumpSystemInfo>())
    else {
        return Ok(Vec::new());
    };
    let misc = dump.get_stream::<MinidumpMiscInfo>().ok();
    let memory = dump.get_memory().unwrap_or_default();
    let exception = dump.get_stream::<MinidumpException<'_>>().ok();
    let exception_context = exception.as_ref().and_then(|e| e.context(&system, misc.as_ref()));
    let exception_pointer = exception_context.map(|context| context.get_stack_pointer());
    let origin = bytes.as_ptr().addr();
    let mut stacks = Vec::with_capacity(threads.threads.len());
    for (number, thread) in threads.threads.iter().enumerate() {
        let is_crashing = crashing == Some(thread.raw.thread_id);
        let pointer = exception_pointer.filter(|_| is_crashing).or_else(|| {
            thread.context(&system, misc.as_ref()).map(|context| context.get_stack_pointer())
        });
        let own = thread.stack_memory(&memory);
        let holds = |region: &UnifiedMemory<'_, '_>, pointer: u64| {
            region.get_memory_at_address::<u64>(pointer).is_some()
        };
        let region = match (own, pointer) {
            (Some(own), Some(pointer)) if holds(&own, pointer) => Some(own),
            (own, Some(pointer)) => memory.memory_at_address(pointer).or(own),
            (own, None) => own,
        };
        let Some(region) = region else { continue };
        let base = region.base_address();
        let length = region.bytes().len();
        let below = pointer
            .and_then(|pointer| usize::try_from(pointer.checked_sub(base)?).ok())
            .filter(|below| *below < length)
            .unwrap_or(0);
        let place = region.bytes().as_ptr().addr() - origin;
        let crashing = is_crashing;
        stacks.push(Stack { thread: number, base, place, length, below, crashing });
    }
    Ok(stacks)
}

/// Points each thread whose stack is too long at the part of it that is walked.
fn cut_stacks(raw: &mut RawDump<'_>, mut stacks: Vec<Stack>, truncation: &mut Truncation) {
    let Some(stream) = raw.stream(MinidumpThreadList::STREAM_TYPE) else { return };
    let Some((first, _)) = raw.list(stream, THREAD_BYTES) else { return };
    // The crashing thread comes first when the sum of all is shared out.
    stacks.sort_by_key(|stack| !stack.crashing);
    let mut left = usize::try_from(limits::STACKS_BYTES_MAX).unwrap_or(usize::MAX);
    for stack in stacks {
        let walked = stack.length - stack.below;
        let kept =
            walked.min(limits::STACK_BYTES_MAX as usize).min(left).max(STACK_BYTES_MIN.min(walked));
        left = left.saturating_sub(kept);
        if kept == walked {
            continue;
        }
        let at = first + stack.thread * THREAD_BYTES;
        raw.set_u64(at + STACK_START_AT, stack.base);
        raw.set_u32(at + STACK_LENGTH_AT, stack.below + kept);
        raw.set_u32(at + STACK_PLACE_AT, stack.place);
        truncation.stacks_cut += 1;
        truncation.stack_bytes_dropped += (walked - kept) as u64;
    }
}
