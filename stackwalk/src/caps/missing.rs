//! What a dump names and does not have: it was cut off on its way.
//!
//! The reader passes over such parts in silence, and the report of half a dump would look whole.

use minidump_common::format::MINIDUMP_STREAM_TYPE as Stream;

use super::{MODULE_BYTES, THREAD_BYTES, THREAD_NAME_BYTES};
use crate::raw_dump::RawDump;

/// Where in their records length and place of what they point at stand, and of names the place.
const STACK_AT: usize = 32;
const CONTEXT_AT: usize = 40;
const MODULE_NAME_AT: usize = 20;
const DEBUG_RECORD_AT: usize = 76;
const THREAD_NAME_AT: usize = 4;
const REGION_AT: usize = 8;

/// The same in the exception's stream, which is one record.
const EXCEPTION_CONTEXT_AT: usize = 160;

/// Bytes of a memory region's record, and of the head of the list of all memory.
const REGION_BYTES: usize = 16;
const MEMORY64_HEAD_BYTES: usize = 16;

/// How many streams, stacks, register sets, names and memory regions lie behind the dump's end. Lists
/// are looked at as far as they were cut to the limits.
pub(super) fn count(raw: &RawDump<'_>) -> u64 {
    let streams = raw.entries().filter(|entry| is_behind(raw, *entry + 4)).count();
    let records = |stream, size, places: &[usize]| {
        let list = raw.stream(stream as u32).and_then(|stream| raw.list(stream, size));
        let (first, count) = list.unwrap_or_default();
        let places = (0..count)
            .flat_map(|number| places.iter().map(move |place| first + number * size + place));
        places.filter(|at| is_behind(raw, *at)).count()
    };
    let names = |stream, size, name_at| {
        let list = raw.stream(stream as u32).and_then(|stream| raw.list(stream, size));
        let (first, count) = list.unwrap_or_default();
        (0..count).filter(|number| is_name_behind(raw, first + number * size + name_at)).count()
    };
    let exception = raw.stream(Stream::ExceptionStream as u32);
    let all = streams
        + exception.map_or(0, |at| usize::from(is_behind(raw, at.begin + EXCEPTION_CONTEXT_AT)))
        + records(Stream::ThreadListStream, THREAD_BYTES, &[STACK_AT, CONTEXT_AT])
        + records(Stream::ModuleListStream, MODULE_BYTES, &[DEBUG_RECORD_AT])
        + records(Stream::MemoryListStream, REGION_BYTES, &[REGION_AT])
        + names(Stream::ModuleListStream, MODULE_BYTES, MODULE_NAME_AT)
        + names(Stream::ThreadNamesStream, THREAD_NAME_BYTES, THREAD_NAME_AT)
        + usize::from(is_memory64_behind(raw));
    all as u64
}

/// Whether what a length and a place point at ends behind the dump's end.
fn is_behind(raw: &RawDump<'_>, at: usize) -> bool {
    let (Some(length), Some(place)) = (raw.u32(at), raw.u32(at + 4)) else { return false };
    length > 0 && place as usize + length as usize > raw.len()
}

/// The same of a name, whose length stands before it.
fn is_name_behind(raw: &RawDump<'_>, at: usize) -> bool {
    let Some(place) = raw.u32(at) else { return false };
    let length = raw.u32(place as usize);
    length.is_none_or(|length| place as usize + 4 + length as usize > raw.len())
}

/// The same of all memory, which lies in one piece.
fn is_memory64_behind(raw: &RawDump<'_>) -> bool {
    let Some(stream) = raw.stream(Stream::Memory64ListStream as u32) else { return false };
    let (Some(count), Some(place)) = (raw.u64(stream.begin), raw.u64(stream.begin + 8)) else {
        return false;
    };
    let regions = stream.length.saturating_sub(MEMORY64_HEAD_BYTES) / REGION_BYTES;
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(regions);
    let lengths = (0..count).filter_map(|number| {
        raw.u64(stream.begin + MEMORY64_HEAD_BYTES + number * REGION_BYTES + 8)
    });
    lengths.fold(place, u64::saturating_add) > raw.len() as u64
}
