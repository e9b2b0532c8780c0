//! A .sym file with its index, both mapped: look-ups by address.

use std::ops::Deref;

use crate::line;
use crate::mapping::Mapping;
use crate::symx::{Layout, Record, Table};

/// A mapped .sym file that the reference accepts, with its index.
#[derive(Debug)]
pub(crate) struct IndexedFile {
    /// Tells files apart in caches of parsed miniatures; never used twice in a process.
    pub(crate) number: u64,
    text: Mapping,
    index: Mapping,
    layout: Layout,
}

/// A record of a table with its place in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// The place in the table.
    pub(crate) place: usize,
    /// The record.
    pub(crate) record: Record,
}

impl IndexedFile {
    pub(crate) fn new(number: u64, text: Mapping, index: Mapping, layout: Layout) -> Self {
        Self { number, text, index, layout }
    }

    /// Bytes of address space that the file takes.
    pub(crate) fn mapped_bytes(&self) -> usize {
        self.text.deref().len() + self.index.deref().len()
    }

    /// The value of the last `INFO URL` line: where the file was downloaded from.
    pub(crate) fn url(&self) -> Option<String> {
        let (offset, length) = self.layout.url;
        let begin = usize::try_from(offset).ok()?;
        let url = self.text.get(begin..begin.checked_add(usize::try_from(length).ok()?)?)?;
        (!url.is_empty()).then(|| String::from_utf8_lossy(url).into_owned())
    }

    /// The record of a table of ranges that covers an address.
    pub(crate) fn covering(&self, table: Table, address: u64) -> Option<Found> {
        let found = self.at_or_before(table, address)?;
        (found.record.end()? >= address).then_some(found)
    }

    /// The record of a table with the greatest key that is at most `key`.
    pub(crate) fn at_or_before(&self, table: Table, key: u64) -> Option<Found> {
        let place = self.layout.last_at_most(&self.index, table, key)?;
        Some(Found { place, record: self.layout.record(&self.index, table, place)? })
    }

    /// The line of a table of ids.
    pub(crate) fn numbered(&self, table: Table, id: u64) -> Option<&[u8]> {
        let record = self.at_or_before(table, id)?.record;
        (record.key == id).then(|| self.text_of(&record))
    }

    /// The text that a record points at.
    pub(crate) fn text_of(&self, record: &Record) -> &[u8] {
        // The index was made of exactly this text, so the range is always there.
        usize::try_from(record.offset)
            .ok()
            .and_then(|begin| self.text.get(begin..begin + record.length as usize))
            .unwrap_or_default()
    }

    /// The first line of the text that a record points at.
    pub(crate) fn first_line_of(&self, record: &Record) -> &[u8] {
        let text = self.text_of(record);
        let end = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
        &text[..end]
    }
}

/// Ids of the files and inline origins that a `FUNC` block names: sorted, each once.
pub(crate) fn ids_in_block(block: &[u8]) -> (Vec<u64>, Vec<u64>) {
    let (mut files, mut origins) = (Vec::new(), Vec::new());
    for line in block.split(|byte| *byte == b'\n').skip(1) {
        let line = line::trimmed(line);
        let mut fields = line::fields(line);
        if line.starts_with(b"INLINE ") {
            // INLINE depth call_line call_file origin (address size)+
            files.extend(fields.nth(3).and_then(line::decimal));
            origins.extend(fields.next().and_then(line::decimal));
        } else if line::is_line_record(line) {
            // address size line file
            files.extend(fields.nth(3).and_then(line::decimal));
        }
    }
    for ids in [&mut files, &mut origins] {
        ids.sort_unstable();
        ids.dedup();
    }
    (files, origins)
}
