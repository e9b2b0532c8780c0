//! Lists: how many of their entries are read.

use auxilio_common::limits;
use minidump_common::format::MINIDUMP_STREAM_TYPE as Stream;

use super::{MODULE_BYTES, THREAD_BYTES, THREAD_NAME_BYTES};
use crate::Truncation;
use crate::raw_dump::RawDump;

/// Bytes of a memory region's record, with a place in the file or without.
const REGION_BYTES: usize = 16;

/// Where the count stands in lists that begin with the sizes of their header and entries.
const EXTENDED_COUNT_AT: usize = 8;

/// Bytes of a handle's record of the newer kind, and where in it the place of its details stands.
const HANDLE_BYTES: usize = 40;
const HANDLE_DETAILS_AT: usize = 32;

/// Cuts the list of the streams themselves. The reader has not seen the dump yet.
pub(super) fn cut_directory(raw: &mut RawDump<'_>, truncation: &mut Truncation) {
    if let Some(count) = raw.stream_count()
        && count > limits::STREAMS_COUNT_MAX
    {
        raw.set_stream_count(limits::STREAMS_COUNT_MAX);
        truncation.entries_dropped += (count - limits::STREAMS_COUNT_MAX) as u64;
    }
}

/// Cuts all other lists. The crashing thread takes the last kept one's place if it would go.
pub(super) fn cut(raw: &mut RawDump<'_>, crashing: Option<u32>, truncation: &mut Truncation) {
    let threads = limits::THREADS_COUNT_MAX as usize;
    save_thread(raw, crashing, threads);
    truncation.threads_dropped += cut_plain(raw, Stream::ThreadListStream, THREAD_BYTES, threads);
    let modules = limits::MODULES_COUNT_MAX as usize;
    truncation.modules_dropped += cut_plain(raw, Stream::ModuleListStream, MODULE_BYTES, modules)
        + cut_extended(raw, Stream::UnloadedModuleListStream, limits::UNLOADED_COUNT_MAX);
    forget_handle_details(raw);
    let regions = limits::REGIONS_COUNT_MAX;
    truncation.entries_dropped +=
        cut_plain(raw, Stream::ThreadNamesStream, THREAD_NAME_BYTES, 2 * threads)
            + cut_extended(raw, Stream::HandleDataStream, limits::HANDLES_COUNT_MAX)
            + cut_plain(raw, Stream::MemoryListStream, REGION_BYTES, regions)
            + cut_memory64(raw, regions)
            + cut_extended(raw, Stream::MemoryInfoListStream, regions);
}

/// Copies the crashing thread to the last place that is kept, if it stands behind that.
fn save_thread(raw: &mut RawDump<'_>, crashing: Option<u32>, keep: usize) {
    let Some(stream) = raw.stream(Stream::ThreadListStream as u32) else { return };
    let Some((first, count)) = raw.list(stream, THREAD_BYTES) else { return };
    let at = |number: usize| first + number * THREAD_BYTES;
    let found = (keep..count).rev().find(|number| raw.u32(at(*number)) == crashing);
    if let (Some(number), true) = (found, crashing.is_some()) {
        raw.copy(at(number), at(keep - 1), THREAD_BYTES);
    }
}

/// Cuts a list that begins with its count; says how many entries went.
fn cut_plain(raw: &mut RawDump<'_>, stream: Stream, size: usize, keep: usize) -> u64 {
    let Some(stream) = raw.stream(stream as u32) else { return 0 };
    let Some((_, count)) = raw.list(stream, size) else { return 0 };
    raw.cut_list(stream, size, keep);
    count.saturating_sub(keep) as u64
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

/// The list of all memory: its count is long, and it must fill its stream.
fn cut_memory64(raw: &mut RawDump<'_>, keep: usize) -> u64 {
    let Some(stream) = raw.stream(Stream::Memory64ListStream as u32) else { return 0 };
    let Some(count) = raw.u64(stream.begin).and_then(|count| usize::try_from(count).ok()) else {
        return 0;
    };
    let fills = count.checked_mul(REGION_BYTES).and_then(|bytes| bytes.checked_add(16));
    if count <= keep || fills != Some(stream.length) {
        return 0;
    }
    raw.set_u64(stream.begin, keep as u64);
    raw.set_length(stream, 16 + keep * REGION_BYTES);
    (count - keep) as u64
}

/// Unlinks the details of open handles: no report has them, and the reader follows their chain even
/// if it is a ring.
fn forget_handle_details(raw: &mut RawDump<'_>) {
    let Some(stream) = raw.stream(Stream::HandleDataStream as u32) else { return };
    let (Some(header), Some(size)) = (raw.u32(stream.begin), raw.u32(stream.begin + 4)) else {
        return;
    };
    if size as usize != HANDLE_BYTES {
        return;
    }
    let end = stream.begin + stream.length;
    let first = stream.begin.saturating_add(header as usize);
    for at in (first..end).step_by(HANDLE_BYTES) {
        raw.set_u32(at + HANDLE_DETAILS_AT, 0);
    }
}
