//! Names and debug records: thousands of entries may point at one long text, and each is read with a
//! copy of its own, a module's once more with every frame.

use auxilio_common::limits;
use minidump_common::format::MINIDUMP_STREAM_TYPE as Stream;

use super::{MODULE_BYTES, THREAD_NAME_BYTES};
use crate::Truncation;
use crate::raw_dump::RawDump;

/// Where in their records the places of names stand, and of a module's debug record its length.
const MODULE_NAME_AT: usize = 20;
const DEBUG_LENGTH_AT: usize = 76;
const THREAD_NAME_AT: usize = 4;
const UNLOADED_NAME_AT: usize = 20;
const HANDLE_NAMES_AT: [usize; 2] = [8, 12];
const SYSTEM_NAME_AT: usize = 24;
const BOOT_ARGUMENTS_AT: usize = 4;

/// Bytes of an unloaded module's record.
const UNLOADED_BYTES: usize = 24;

/// Bytes of a name's length, which stands before it.
const LENGTH_BYTES: usize = 4;

/// Cuts every name that is read.
pub(super) fn cut(raw: &mut RawDump<'_>, truncation: &mut Truncation) {
    let mut names = Names { raw, left: limits::NAMES_BYTES_MAX, cut: 0 };
    for at in names.entries(Stream::ModuleListStream, MODULE_BYTES) {
        names.cut_path(at + MODULE_NAME_AT);
        names.cut_debug_record(at + DEBUG_LENGTH_AT);
    }
    for at in names.entries(Stream::ThreadNamesStream, THREAD_NAME_BYTES) {
        names.cut_at(at + THREAD_NAME_AT);
    }
    for at in names.extended_entries(Stream::UnloadedModuleListStream, Some(UNLOADED_BYTES)) {
        names.cut_path(at + UNLOADED_NAME_AT);
    }
    for at in names.extended_entries(Stream::HandleDataStream, None) {
        for name in HANDLE_NAMES_AT {
            names.cut_at(at + name);
        }
    }
    for (stream, name_at) in [
        (Stream::SystemInfoStream, SYSTEM_NAME_AT),
        (Stream::MozMacosBootargsStream, BOOT_ARGUMENTS_AT),
    ] {
        if let Some(stream) = names.raw.stream(stream as u32) {
            names.cut_at(stream.begin + name_at);
        }
    }
    truncation.names_cut += names.cut;
}

struct Names<'a, 'd> {
    raw: &'a mut RawDump<'d>,
    /// Bytes that all further names may have together.
    left: usize,
    cut: u64,
}

impl Names<'_, '_> {
    /// Where the entries of a list begin.
    fn entries(&self, stream: Stream, size: usize) -> Vec<usize> {
        let list = self.raw.stream(stream as u32).and_then(|stream| self.raw.list(stream, size));
        list.map_or_else(Vec::new, |(first, count)| {
            (0..count).map(|number| first + number * size).collect()
        })
    }

    /// The same of a list whose header says how long it and its entries are.
    fn extended_entries(&self, stream: Stream, size: Option<usize>) -> Vec<usize> {
        let Some(stream) = self.raw.stream(stream as u32) else { return Vec::new() };
        let number = |at| self.raw.u32(stream.begin + at).map_or(0, |number| number as usize);
        let (header, entry, count) = (number(0), number(4), number(8));
        let end = stream.begin + stream.length;
        if entry == 0 || size.is_some_and(|size| size != entry) {
            return Vec::new();
        }
        (stream.begin.saturating_add(header)..end).step_by(entry).take(count).collect()
    }

    /// Length of the name whose place stands somewhere, if it can be read, and how much of it stays.
    fn measure(&mut self, place_at: usize) -> Option<(usize, usize, usize)> {
        let place = self.raw.u32(place_at)? as usize;
        let length = self.raw.u32(place)? as usize;
        if !length.is_multiple_of(2) || place + LENGTH_BYTES + length > self.raw.len() {
            return None;
        }
        let least = length.min(limits::NAME_BYTES_MIN);
        let kept = length.min(limits::NAME_BYTES_MAX).min(self.left & !1).max(least);
        self.left = self.left.saturating_sub(kept);
        Some((place, length, kept))
    }

    /// Cuts a name; its beginning stays.
    fn cut_at(&mut self, place_at: usize) {
        let Some((place, length, mut kept)) = self.measure(place_at) else { return };
        if kept == length {
            return;
        }
        // Half of a character would make the whole name unreadable.
        let last = self.raw.u16(place + LENGTH_BYTES + kept - 2);
        kept -= 2 * usize::from(last.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)));
        self.raw.set_u32(place, kept);
        self.cut += 1;
    }

    /// Cuts a path; its end stays, where the file's own name is.
    fn cut_path(&mut self, place_at: usize) {
        let Some((place, length, kept)) = self.measure(place_at) else { return };
        if kept == length {
            return;
        }
        // The new length must not lie over the old one: others may have the same name.
        let mut kept = kept.min(length - LENGTH_BYTES);
        let first = self.raw.u16(place + LENGTH_BYTES + length - kept);
        kept -= 2 * usize::from(first.is_some_and(|unit| (0xdc00..0xe000).contains(&unit)));
        let place = place + length - kept;
        self.raw.set_u32(place, kept);
        self.raw.set_u32(place_at, place);
        self.cut += 1;
    }

    /// Cuts a module's debug record: an id of a few bytes, or one and a file's name.
    fn cut_debug_record(&mut self, length_at: usize) {
        if self.raw.u32(length_at).is_some_and(|length| length as usize > DEBUG_MAX) {
            self.raw.set_u32(length_at, DEBUG_MAX);
            self.cut += 1;
        }
    }
}

/// Bytes of a debug record.
const DEBUG_MAX: usize = limits::NAME_BYTES_MAX;
