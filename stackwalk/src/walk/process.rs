//! The processor's state of a dump, its stacks walked within a budget of frames.
//!
//! The processor walks all threads of a dump at once and without bound. So it is shown the crashing
//! thread alone, which it needs for its analysis of the crash, and no unloaded modules, of which it
//! names all that a frame may lie in; everything else of the state comes out as ever. The other
//! threads are walked one after the other by the same unwinder.

use auxilio_symbols::DumpSymbols;
use minidump::{Minidump, MinidumpStream as _, MinidumpThreadList, MinidumpUnloadedModuleList};
use minidump_processor::{ProcessError, ProcessState, ProcessorOptions};
use minidump_unwind::CallStack;

use super::stacks::{self, Budget, FrameCount};
use super::{Unreadable, unreadable};
use crate::Truncation;
use crate::caps::{self, THREAD_BYTES};
use crate::raw_dump::RawDump;

/// A dump's state, and how many frames were walked of each thread: some may not be there any more.
pub(crate) struct WalkedState {
    pub(crate) process: ProcessState,
    pub(crate) frame_counts: Vec<FrameCount>,
}

/// Processes a dump that was cut to the limits. The bytes are changed on the way and put back.
pub(super) fn process(
    bytes: &mut [u8],
    symbols: &DumpSymbols<'_>,
    truncation: &mut Truncation,
) -> Result<WalkedState, Unreadable> {
    let crashing = crashing_place(bytes)?;
    let mut raw = RawDump::new(bytes);
    let list = raw.stream(MinidumpThreadList::STREAM_TYPE);
    let mut undo = list.map(|list| raw.only(list, THREAD_BYTES, crashing)).unwrap_or_default();
    let unloaded = raw.stream(MinidumpUnloadedModuleList::STREAM_TYPE);
    undo.extend(unloaded.into_iter().flat_map(|unloaded| raw.empty(unloaded)));
    let processed = process_as_it_is(bytes, symbols);
    RawDump::new(bytes).restore(undo);
    let mut process = processed?;

    let dump = read(bytes)?;
    if let Ok(unloaded) = dump.get_stream::<MinidumpUnloadedModuleList>() {
        process.unloaded_modules = unloaded;
    }
    let mut budget = Budget::new(truncation);
    let mut crashed = process.threads.pop();
    let crashed_frames =
        crashed.as_mut().map(|stack| budget.keep(stack, &process.unloaded_modules));
    let mut walked = stacks::walk_all_but(&dump, crashing, &process, symbols, &mut budget);
    if let (Some(place), Some(stack), Some(frames)) = (crashing, crashed, crashed_frames) {
        walked.insert(place.min(walked.len()), (stack, frames));
        // The processor saw one thread, so it has named the first; or none, if it found no crash.
        process.requesting_thread = process.requesting_thread.map(|_first| place);
    }
    let (threads, frame_counts): (Vec<CallStack>, Vec<FrameCount>) = walked.into_iter().unzip();
    process.threads = threads;
    Ok(WalkedState { process, frame_counts })
}

/// The crashing thread's place in the list: the last one with its id, as the processor has it.
fn crashing_place(bytes: &[u8]) -> Result<Option<usize>, Unreadable> {
    let dump = read(bytes)?;
    let Some(id) = caps::crashing_thread(&dump) else { return Ok(None) };
    let Ok(list) = dump.get_stream::<MinidumpThreadList<'_>>() else { return Ok(None) };
    Ok(list.threads.iter().rposition(|thread| thread.raw.thread_id == id))
}

fn process_as_it_is(bytes: &[u8], symbols: &DumpSymbols<'_>) -> Result<ProcessState, Unreadable> {
    let dump = read(bytes)?;
    let options = ProcessorOptions::stable_all();
    let walk = minidump_processor::process_minidump_with_options(&dump, symbols, options);
    futures::executor::block_on(walk).map_err(|error| match error {
        ProcessError::MinidumpReadError(error) => unreadable(error.name()),
        error => unreadable(error.name()),
    })
}

fn read(bytes: &[u8]) -> Result<Minidump<'_, &[u8]>, Unreadable> {
    Minidump::read(bytes).map_err(|error| unreadable(error.name()))
}
