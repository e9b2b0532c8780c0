//! The side index of a .sym file, as it lies on disk (`.symx`).
//!
//! All numbers are little-endian. The file is
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | magic `AUXSYMX` and the format's version, 1 |
//! | 8–11 | CRC-32 of everything from byte 16 on |
//! | 12–15 | 0 |
//! | 16–55 | which .sym file it was made of: length u64, seconds i64 and nanoseconds u64 of its last change, device u64, inode u64 |
//! | 56–59 | 1 if breakpad-symbols rejects the file, else 0 |
//! | 60–63 | bytes of the reason, which stands at the end of the index |
//! | 64–79 | place in the .sym of the value of its last `INFO URL` line: offset u64, length u64 |
//! | 80–135 | number of records of each table, u64 each, in the order of `Table` |
//! | 136– | the tables, records of 24 bytes each: key u64, offset u64, length u32, size u32 |
//!
//! A record points at text of the .sym by offset and length in bytes. Its key is an address or an
//! id, and tables are sorted by it; its size is that of the address range, where there is one.
//! Ranges of one table never overlap.
//!
//! An index is written beside its final name and renamed. One that does not fit its .sym, or is
//! damaged, is made again.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// The tables of an index, in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// `FUNC` blocks: the line and its line records and inlines.
    Functions,
    /// `PUBLIC` lines, one for each address: the one that the reference would choose.
    Publics,
    /// `FILE` lines by id, the last of each.
    Files,
    /// `INLINE_ORIGIN` lines by id, the last of each.
    Origins,
    /// `STACK CFI INIT` blocks: the line and its deltas.
    Cfi,
    /// `STACK WIN 4` lines: frame data.
    FrameData,
    /// `STACK WIN 0` lines: frame pointer omission.
    Fpo,
}

/// How many tables there are.
pub(crate) const TABLES: usize = 7;

const MAGIC: [u8; 8] = *b"AUXSYMX\x01";
const CHECKED_FROM: usize = 16;
const COUNTS_AT: usize = 80;
const TABLES_AT: usize = COUNTS_AT + 8 * TABLES;
const RECORD_BYTES: usize = 24;

/// One entry of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// First address of a range relative to the module, or an id.
    pub(crate) key: u64,
    /// Where the text begins in the .sym, in bytes.
    pub(crate) offset: u64,
    /// Bytes of the text.
    pub(crate) length: u32,
    /// Bytes of the address range; 0 where there is none.
    pub(crate) size: u32,
}

impl Record {
    /// The last address of the range. `None` for an empty one, and for one beyond the last address.
    pub(crate) fn end(&self) -> Option<u64> {
        if self.size == 0 {
            return None;
        }
        Some(self.key.checked_add(u64::from(self.size))? - 1)
    }
}

/// Which state of which .sym file an index was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    length: u64,
    seconds: i64,
    nanoseconds: u64,
    device: u64,
    inode: u64,
}

impl Source {
    /// The state that a file is in.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec().unsigned_abs(),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Bytes of the .sym file.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

/// What an index holds, before it is written.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The tables in the order of `Table`, sorted and free of overlaps.
    pub(crate) tables: [Vec<Record>; TABLES],
    /// Where the value of the last `INFO URL` line stands: offset and length.
    pub(crate) url: (u64, u64),
    /// Why the reference rejects the file, if it does.
    pub(crate) corrupt: Option<String>,
}

/// Writes an index's bytes.
pub(crate) fn encode(source: &Source, contents: &Contents) -> Vec<u8> {
    let records: usize = contents.tables.iter().map(Vec::len).sum();
    let reason = contents.corrupt.as_deref().unwrap_or_default();
    let mut bytes = Vec::with_capacity(TABLES_AT + records * RECORD_BYTES + reason.len());
    bytes.extend(MAGIC);
    bytes.extend([0; 8]);
    bytes.extend(source.length.to_le_bytes());
    bytes.extend(source.seconds.to_le_bytes());
    bytes.extend(source.nanoseconds.to_le_bytes());
    bytes.extend(source.device.to_le_bytes());
    bytes.extend(source.inode.to_le_bytes());
    bytes.extend(u32::from(contents.corrupt.is_some()).to_le_bytes());
    // A reason is one short sentence of the parser.
    bytes.extend(u32::try_from(reason.len()).unwrap_or(0).to_le_bytes());
    bytes.extend(contents.url.0.to_le_bytes());
    bytes.extend(contents.url.1.to_le_bytes());
    for table in &contents.tables {
        bytes.extend((table.len() as u64).to_le_bytes());
    }
    for record in contents.tables.iter().flatten() {
        bytes.extend(record.key.to_le_bytes());
        bytes.extend(record.offset.to_le_bytes());
        bytes.extend(record.length.to_le_bytes());
        bytes.extend(record.size.to_le_bytes());
    }
    bytes.extend(reason.as_bytes());
    let checksum = crc32fast::hash(&bytes[CHECKED_FROM..]);
    bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The fixed part of an index that was found whole and fitting.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Byte where each table begins, and how many records it has.
    tables: [(usize, usize); TABLES],
    /// Where the value of the last `INFO URL` line stands.
    pub(crate) url: (u64, u64),
    /// Why the reference rejects the file, if it does.
    pub(crate) corrupt: Option<String>,
}

impl Layout {
    /// Checks an index's bytes against the .sym that it should be of. `None`: make it again.
    pub(crate) fn read(bytes: &[u8], source: &Source) -> Option<Self> {
        let fits = bytes.get(..8)? == MAGIC
            && u32_at(bytes, 12)? == 0
            && u32_at(bytes, 8)? == crc32fast::hash(bytes.get(CHECKED_FROM..)?)
            && u64_at(bytes, 16)? == source.length
            && u64_at(bytes, 24)?.cast_signed() == source.seconds
            && u64_at(bytes, 32)? == source.nanoseconds
            && u64_at(bytes, 40)? == source.device
            && u64_at(bytes, 48)? == source.inode;
        if !fits {
            return None;
        }
        let mut tables = [(0, 0); TABLES];
        let mut begin = TABLES_AT;
        for (number, table) in tables.iter_mut().enumerate() {
            let count = usize::try_from(u64_at(bytes, COUNTS_AT + 8 * number)?).ok()?;
            *table = (begin, count);
            begin = count.checked_mul(RECORD_BYTES)?.checked_add(begin)?;
        }
        let reason_bytes = usize::try_from(u32_at(bytes, 60)?).ok()?;
        let reason = bytes.get(begin..begin.checked_add(reason_bytes)?)?;
        let corrupt = (u32_at(bytes, 56)? != 0).then(|| String::from_utf8_lossy(reason).into());
        Some(Self { tables, url: (u64_at(bytes, 64)?, u64_at(bytes, 72)?), corrupt })
    }

    /// A record of a table. `None` beyond its end.
    pub(crate) fn record(&self, bytes: &[u8], table: Table, place: usize) -> Option<Record> {
        let (begin, count) = self.tables[table as usize];
        if place >= count {
            return None;
        }
        let at = begin + place * RECORD_BYTES;
        Some(Record {
            key: u64_at(bytes, at)?,
            offset: u64_at(bytes, at + 8)?,
            length: u32_at(bytes, at + 16)?,
            size: u32_at(bytes, at + 20)?,
        })
    }

    /// The place of the last record whose key is at most `key`.
    pub(crate) fn last_at_most(&self, bytes: &[u8], table: Table, key: u64) -> Option<usize> {
        let (begin, count) = self.tables[table as usize];
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if u64_at(bytes, begin + middle * RECORD_BYTES)? <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
