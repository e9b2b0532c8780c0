//! Walks threads one after the other, within a budget of frames.
//!
//! What a thread's stack is and how it begins is the processor's rule: the thread's own memory if
//! the stack pointer points into it, else whatever memory of the dump it points into.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use auxilio_common::limits;
use auxilio_symbols::DumpSymbols;
use minidump::{
    Minidump, MinidumpBreakpadInfo, MinidumpMiscInfo, MinidumpSystemInfo, MinidumpThread,
    MinidumpThreadList, MinidumpThreadNames, MinidumpUnloadedModuleList, UnifiedMemory,
    UnifiedMemoryList,
};
use minidump_processor::ProcessState;
use minidump_unwind::{CallStack, CallStackInfo, FrameTrust, StackFrame};

use crate::Truncation;

/// How many frames a thread had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameCount {
    /// Those that were walked.
    pub(crate) walked: usize,
    /// Those of them that were left out behind the innermost ones.
    pub(crate) left_out: usize,
}

/// Frames that may still be walked and kept.
pub(super) struct Budget<'a> {
    left: usize,
    /// Unloaded modules that may still be named.
    unloaded_left: usize,
    truncation: &'a mut Truncation,
}

impl<'a> Budget<'a> {
    pub(super) fn new(truncation: &'a mut Truncation) -> Self {
        Self {
            left: limits::FRAMES_TOTAL_MAX,
            unloaded_left: limits::UNLOADED_NAMES_TOTAL_MAX,
            truncation,
        }
    }

    /// Takes a walked thread's frames from the budget, drops those beyond the limits, names unloaded
    /// modules for the others and returns how many there were. The innermost frame of a thread
    /// always stays; of a long stack both ends do.
    pub(super) fn keep(
        &mut self,
        stack: &mut CallStack,
        unloaded: &MinidumpUnloadedModuleList,
    ) -> FrameCount {
        let walked = stack.frames.len();
        stack.frames.truncate(self.left.max(1));
        let left_out = left_out(stack.frames.len());
        stack.frames.drain(left_out.clone());
        self.truncation.frames_dropped += (walked - stack.frames.len()) as u64;
        // All that were walked: what bounds time as well.
        self.left = self.left.saturating_sub(walked);
        for frame in stack.frames.iter_mut().filter(|frame| frame.module.is_none()) {
            frame.unloaded_modules = self.unloaded_at(frame.instruction, unloaded);
        }
        FrameCount { walked, left_out: left_out.len() }
    }

    /// Unloaded modules that once lay where a frame points, with the offsets in them.
    fn unloaded_at(
        &mut self,
        instruction: u64,
        unloaded: &MinidumpUnloadedModuleList,
    ) -> BTreeMap<String, BTreeSet<u64>> {
        let mut found: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let most = self.unloaded_left.min(limits::UNLOADED_NAMES_PER_FRAME_MAX);
        for (number, module) in unloaded.modules_at_address(instruction).enumerate() {
            if number >= most {
                self.truncation.entries_dropped += 1;
                continue;
            }
            self.unloaded_left -= 1;
            let offset = instruction.wrapping_sub(module.raw.base_of_image);
            found.entry(module.name.clone()).or_default().insert(offset);
        }
        found
    }

    /// A thread's stack, or nothing once the budget is used up.
    fn allow<'m, 'd>(
        &mut self,
        stack: Option<UnifiedMemory<'m, 'd>>,
    ) -> Option<UnifiedMemory<'m, 'd>> {
        let memory = stack?;
        if self.left > 0 {
            return Some(memory);
        }
        self.truncation.stacks_cut += 1;
        self.truncation.stack_bytes_dropped += memory.bytes().len() as u64;
        None
    }
}

/// The frames between both ends of a stack that are left out: none of a short one. The mark that
/// stands for them takes the place of one more.
fn left_out(frames: usize) -> Range<usize> {
    let outermost = limits::FRAMES_COUNT_MAX - limits::FRAMES_INNERMOST_COUNT - 1;
    if frames <= limits::FRAMES_COUNT_MAX {
        return frames..frames;
    }
    limits::FRAMES_INNERMOST_COUNT..frames - outermost
}

/// Everything of a dump that walking a thread takes.
struct Dump<'a> {
    memory: UnifiedMemoryList<'a>,
    system: MinidumpSystemInfo,
    misc: Option<MinidumpMiscInfo>,
    names: MinidumpThreadNames,
    /// The thread that wrote the dump: it is not walked.
    writer: Option<u32>,
}

/// Walks every thread but one, in the order of the list. Each comes with its number of frames
/// before the budget dropped any.
pub(super) fn walk_all_but(
    dump: &Minidump<'_, &[u8]>,
    except: Option<usize>,
    state: &ProcessState,
    symbols: &DumpSymbols<'_>,
    budget: &mut Budget<'_>,
) -> Vec<(CallStack, FrameCount)> {
    // Both were read a moment ago: else there would be no state.
    let (Ok(list), Ok(system)) =
        (dump.get_stream::<MinidumpThreadList<'_>>(), dump.get_stream::<MinidumpSystemInfo>())
    else {
        return Vec::new();
    };
    let dump = Dump {
        memory: dump.get_memory().unwrap_or_default(),
        system,
        misc: dump.get_stream().ok(),
        names: dump.get_stream().unwrap_or_default(),
        writer: dump.get_stream::<MinidumpBreakpadInfo>().ok().and_then(|info| info.dump_thread_id),
    };
    let threads = list.threads.iter().enumerate().filter(|(place, _)| Some(*place) != except);
    threads
        .map(|(place, thread)| {
            let mut stack = dump.begin(thread);
            let memory = budget.allow(dump.stack_memory(thread, &stack));
            walk(place, &mut stack, memory, state, symbols);
            let walked = budget.keep(&mut stack, &state.unloaded_modules);
            (stack, walked)
        })
        .collect()
}

impl<'a> Dump<'a> {
    /// A thread before its walk: the innermost frame, without a name yet.
    fn begin(&self, thread: &MinidumpThread<'a>) -> CallStack {
        let id = thread.raw.thread_id;
        if self.writer == Some(id) {
            return CallStack::with_info(id, CallStackInfo::DumpThreadSkipped);
        }
        let context = thread.context(&self.system, self.misc.as_ref());
        let frame = context
            .map(|context| StackFrame::from_context(context.into_owned(), FrameTrust::Context));
        let info = if frame.is_some() { CallStackInfo::Ok } else { CallStackInfo::MissingContext };
        CallStack {
            frames: frame.into_iter().collect(),
            info,
            thread_id: id,
            thread_name: self.names.get_name(id).map(std::borrow::Cow::into_owned),
            last_error_value: thread.last_error(self.system.cpu, &self.memory),
        }
    }

    fn stack_memory<'m>(
        &'m self,
        thread: &'m MinidumpThread<'a>,
        stack: &CallStack,
    ) -> Option<UnifiedMemory<'m, 'a>> {
        let own = thread.stack_memory(&self.memory);
        let Some(frame) = stack.frames.first() else { return own };
        let pointer = frame.context.get_stack_pointer();
        let holds = own.is_some_and(|own| own.get_memory_at_address::<u64>(pointer).is_some());
        if holds { own } else { self.memory.memory_at_address(pointer).or(own) }
    }
}

fn walk(
    place: usize,
    stack: &mut CallStack,
    memory: Option<UnifiedMemory<'_, '_>>,
    state: &ProcessState,
    symbols: &DumpSymbols<'_>,
) {
    let (modules, system) = (&state.modules, &state.system_info);
    let walk = minidump_unwind::walk_stack(place, (), stack, memory, modules, system, symbols);
    futures::executor::block_on(walk);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stack_keeps_250_frames_and_the_last_249() {
        for (frames, expected) in
            [(0, 0..0), (1, 1..1), (500, 500..500), (501, 250..252), (1_025, 250..776)]
        {
            assert_eq!(left_out(frames), expected);
        }
    }
}
