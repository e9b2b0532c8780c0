//! Cuts a dump to the limits, in place, before it is processed.
//!
//! A walk goes on to the end of the thread's stack and cannot be stopped, and a list is read with
//! all that its entries point at. So what must not be done has to be gone from the dump: entries,
//! names, texts and bytes of stacks beyond the limits. Of a stack the innermost part stays, of a
//! path its end, and the crashing thread is never among the threads that go.

mod lists;
mod missing;
mod names;
mod stacks;
mod texts;

use minidump::{Minidump, MinidumpBreakpadInfo, MinidumpException};

use crate::Truncation;
use crate::raw_dump::RawDump;
use crate::walk::{Unreadable, unreadable};

/// Bytes of a thread's record.
pub(crate) const THREAD_BYTES: usize = 48;

/// Bytes of a module's record.
const MODULE_BYTES: usize = 108;

/// Bytes of a thread name's record.
const THREAD_NAME_BYTES: usize = 12;

/// Cuts a dump to the limits. Fails as the reader of dumps does.
///
/// Cutting writes into the dump. In one whose parts lie over each other that may undo a cut that
/// was made before, so everything is measured once more, and what then is still too large is refused.
pub(crate) fn apply(bytes: &mut [u8]) -> Result<Truncation, Unreadable> {
    let mut truncation = cut(bytes)?;
    if truncation.any() && cut(bytes)?.any() {
        return Err(unreadable("OverlappingRecords"));
    }
    truncation.parts_missing = missing::count(&RawDump::new(bytes));
    Ok(truncation)
}

fn cut(bytes: &mut [u8]) -> Result<Truncation, Unreadable> {
    let mut truncation = Truncation::default();
    lists::cut_directory(&mut RawDump::new(bytes), &mut truncation);
    let dump = Minidump::read(&*bytes).map_err(|error| unreadable(error.name()))?;
    let crashing = crashing_thread(&dump);
    let mut raw = RawDump::new(bytes);
    lists::cut(&mut raw, crashing, &mut truncation);
    texts::cut(&mut raw, &mut truncation);
    names::cut(&mut raw, &mut truncation);
    let stacks = stacks::find(bytes, crashing).map_err(|error| unreadable(error.name()))?;
    stacks::cut(&mut RawDump::new(bytes), stacks, &mut truncation);
    Ok(truncation)
}

/// The id of the thread that the report is about, by the processor's own order of sources.
pub(crate) fn crashing_thread(dump: &Minidump<'_, &[u8]>) -> Option<u32> {
    if let Ok(exception) = dump.get_stream::<MinidumpException<'_>>() {
        return Some(exception.get_crashing_thread_id());
    }
    dump.get_stream::<MinidumpBreakpadInfo>().ok()?.requesting_thread_id
}
