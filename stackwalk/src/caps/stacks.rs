//! Stacks: how much of each thread's is walked.

use auxilio_common::limits;
use minidump::{
    Minidump, MinidumpException, MinidumpMiscInfo, MinidumpStream, MinidumpSystemInfo,
    MinidumpThreadList, UnifiedMemory,
};

use super::THREAD_BYTES;
use crate::Truncation;
use crate::raw_dump::RawDump;

/// Where in a thread's record its stack's start, length and place stand.
const STACK_START_AT: usize = 24;
const STACK_LENGTH_AT: usize = 32;
const STACK_PLACE_AT: usize = 36;

/// Bytes of stack that every thread keeps when the sum of all is used up: the walker needs a word
/// at the stack pointer, else it looks for another, uncut place of the same memory.
const STACK_BYTES_MIN: usize = 16;

/// The memory that a thread's walk would read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
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
pub(super) fn find(bytes: &[u8], crashing: Option<u32>) -> Result<Vec<Stack>, minidump::Error> {
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
pub(super) fn cut(raw: &mut RawDump<'_>, mut stacks: Vec<Stack>, truncation: &mut Truncation) {
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
