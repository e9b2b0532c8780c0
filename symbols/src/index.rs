//! Making the index of a .sym file: one pass over its lines, and the reference's verdict on it.

use breakpad_symbols::SymbolFile;

use crate::line;
use crate::overlap;
use crate::symx::{Contents, Record, Table};

/// Bytes of text that are given to the reference's parser at a time. It holds about twice of that
/// in memory; a whole file would cost gigabytes.
const CHECKED_AT_A_TIME: u64 = 4 << 20;

/// Indexes a .sym file's text.
pub(crate) fn build(text: &[u8]) -> Contents {
    let mut pass = Pass::default();
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', text).map(|at| at + 1) {
        pass.take(text, begin, end);
        begin = end;
    }
    pass.finish(text)
}

/// What the pass is inside of.
#[derive(Clone, Copy)]
enum Block {
    Function(Record),
    Cfi(Record),
}

#[derive(Default)]
struct Pass {
    contents: Contents,
    block: Option<Block>,
    lines: u64,
    /// Places where a new item begins, with the number of lines before: the text may be cut there.
    cuts: Vec<(u64, u64)>,
}

impl Pass {
    fn take(&mut self, text: &[u8], begin: usize, end: usize) {
        let line_number = self.lines;
        self.lines += 1;
        if end - begin > line::LINE_BYTES_MAX {
            // The reference drops such a line and goes on inside of the same item.
            return;
        }
        let line = line::trimmed(&text[begin..end]);
        let mut record = Record {
            key: 0,
            offset: begin as u64,
            // Below LINE_BYTES_MAX.
            length: u32::try_from(end - begin).unwrap_or(u32::MAX),
            size: 0,
        };
        if self.continues_block(line, &mut record, end) {
            return;
        }
        self.close_block();
        self.top_level(line, record, line_number, text);
    }

    /// Whether the line belongs to the open block, which then reaches to its end.
    fn continues_block(&mut self, line: &[u8], record: &mut Record, end: usize) -> bool {
        let reach = |block: &mut Record| {
            // Blocks beyond 4 GiB would need files beyond our limit.
            block.length = u32::try_from(end as u64 - block.offset).unwrap_or(u32::MAX);
        };
        match &mut self.block {
            Some(Block::Function(function)) => {
                if line.starts_with(b"INLINE_ORIGIN ") {
                    reach(function);
                    self.origin(line, *record);
                    return true;
                }
                let inside = line.starts_with(b"INLINE ") || line::is_line_record(line);
                if inside {
                    reach(function);
                }
                inside
            }
            Some(Block::Cfi(cfi)) => {
                let mut fields = line::fields(line);
                let inside = fields.next() == Some(b"STACK")
                    && fields.next() == Some(b"CFI")
                    && fields.next().and_then(line::hex).is_some();
                if inside {
                    reach(cfi);
                }
                inside
            }
            None => false,
        }
    }

    fn close_block(&mut self) {
        match self.block.take() {
            Some(Block::Function(record)) => self.push_range(Table::Functions, record),
            Some(Block::Cfi(record)) => self.push_range(Table::Cfi, record),
            None => {}
        }
    }

    fn top_level(&mut self, line: &[u8], record: Record, line_number: u64, text: &[u8]) {
        let mut fields = line::fields(line).peekable();
        let Some(kind) = fields.next() else { return };
        if matches!(kind, b"FUNC" | b"PUBLIC" | b"FILE") || line.starts_with(b"STACK CFI INIT") {
            self.cut_before(&record, line_number);
        }
        match kind {
            b"FUNC" => {
                let _multiple = fields.next_if_eq(&&b"m"[..]);
                if let Some(record) = ranged(record, fields) {
                    self.block = Some(Block::Function(record));
                }
            }
            b"PUBLIC" => {
                let _multiple = fields.next_if_eq(&&b"m"[..]);
                if let Some(address) = fields.next().and_then(line::hex) {
                    self.table(Table::Publics).push(Record { key: address, ..record });
                }
            }
            b"FILE" => self.numbered(Table::Files, fields.next(), record),
            b"INLINE_ORIGIN" => self.origin(line, record),
            b"INFO" => self.info(line, &record, text),
            b"STACK" => match fields.next() {
                Some(b"CFI") if fields.next() == Some(b"INIT") => {
                    self.block = ranged(record, fields).map(Block::Cfi);
                }
                Some(b"WIN") => self.stack_win(record, fields),
                _ => {}
            },
            _ => {}
        }
    }

    /// A line of Windows' frame information. The reference mends overlaps while it reads: a later
    /// line that begins inside of the last one shortens that one; one that begins before is dropped.
    fn stack_win<'a>(&mut self, record: Record, mut fields: impl Iterator<Item = &'a [u8]>) {
        let Some(kind) = fields.next() else { return };
        let Some(record) = ranged(record, &mut fields) else { return };
        let has_program = fields.nth(6) == Some(b"1");
        let table = match (kind, has_program) {
            (b"4", true) => Table::FrameData,
            (b"0", false) => Table::Fpo,
            _ => return,
        };
        let Some(end) = record.end() else { return };
        let table = self.table(table);
        if let Some(last) = table.last_mut()
            && let Some(last_end) = last.end()
            && record.key <= last_end
            && last.key <= end
        {
            if record.key > last.key {
                // The difference is below the last one's size.
                last.size = u32::try_from(record.key - last.key).unwrap_or(u32::MAX);
            } else if (last.key, last_end) != (record.key, end) {
                return;
            }
        }
        table.push(record);
    }

    fn info(&mut self, line: &[u8], record: &Record, text: &[u8]) {
        if line.get(8).is_some_and(|byte| matches!(byte, b' ' | b'\t'))
            && line.starts_with(b"INFO URL")
        {
            let value = line::after_fields(line, 2);
            let begin = record.offset + (line.len() - value.len()) as u64;
            debug_assert!(begin <= text.len() as u64);
            self.contents.url = (begin, value.len() as u64);
        }
    }

    fn origin(&mut self, line: &[u8], record: Record) {
        self.numbered(Table::Origins, line::fields(line).nth(1), record);
    }

    fn numbered(&mut self, table: Table, id: Option<&[u8]>, record: Record) {
        if let Some(id) = id.and_then(line::decimal) {
            self.table(table).push(Record { key: id, ..record });
        }
    }

    fn push_range(&mut self, table: Table, record: Record) {
        if record.end().is_some() {
            self.table(table).push(record);
        }
    }

    fn table(&mut self, table: Table) -> &mut Vec<Record> {
        &mut self.contents.tables[table as usize]
    }

    fn cut_before(&mut self, record: &Record, line_number: u64) {
        let last = self.cuts.last().map_or(0, |cut| cut.0);
        if record.offset - last >= CHECKED_AT_A_TIME {
            self.cuts.push((record.offset, line_number));
        }
    }

    fn finish(mut self, text: &[u8]) -> Contents {
        self.close_block();
        self.contents.corrupt = rejection(text, &self.cuts);
        if self.contents.corrupt.is_some() {
            return Contents { corrupt: self.contents.corrupt, ..Contents::default() };
        }
        for table in [Table::Functions, Table::Cfi, Table::FrameData, Table::Fpo] {
            overlap::keep_first(self.table(table));
        }
        for table in [Table::Files, Table::Origins] {
            keep_last(self.table(table));
        }
        sort_publics(text, self.table(Table::Publics));
        keep_last(self.table(Table::Publics));
        self.contents
    }
}

/// Reads an address and a size.
fn ranged<'a>(record: Record, mut fields: impl Iterator<Item = &'a [u8]>) -> Option<Record> {
    let key = line::hex(fields.next()?)?;
    let size = u32::try_from(line::hex(fields.next()?)?).ok()?;
    Some(Record { key, size, ..record })
}

/// Sorts by key, keeping the file's order among equals, and keeps the last of each key.
fn keep_last(records: &mut Vec<Record>) {
    records.sort_by_key(|record| record.key);
    records.reverse();
    records.dedup_by_key(|record| record.key);
    records.reverse();
}

/// Among publics at one address the reference takes the greatest by name, then by parameter size.
fn sort_publics(text: &[u8], records: &mut [Record]) {
    let order = |record: &Record| {
        // Offset and length were taken from this text.
        let begin = usize::try_from(record.offset).unwrap_or(usize::MAX);
        let line = text.get(begin..begin + record.length as usize).unwrap_or_default();
        let line = line::trimmed(line);
        let named = if line::fields(line).nth(1) == Some(b"m") { 4 } else { 3 };
        let size = line::fields(line).nth(named - 1).and_then(line::hex);
        (line::after_fields(line, named), size)
    };
    records.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| order(a).cmp(&order(b))));
}

/// Why breakpad-symbols rejects the text, if it does. It is asked piece by piece: a piece begins
/// where a new item begins, so the verdict on the pieces is the verdict on the whole.
fn rejection(text: &[u8], cuts: &[(u64, u64)]) -> Option<String> {
    let ends = cuts.iter().map(|cut| cut.0).chain([text.len() as u64]);
    let begins = [(0, 0)].into_iter().chain(cuts.iter().copied());
    for ((begin, lines_before), end) in begins.zip(ends) {
        // Both are places in this text.
        let range = usize::try_from(begin).ok()?..usize::try_from(end).ok()?;
        if let Err(error) = SymbolFile::from_bytes(&text[range]) {
            return Some(match error {
                breakpad_symbols::SymbolError::ParseError(what, line) => {
                    format!("{what}, line {}", lines_before + line + 1)
                }
                other => other.to_string(),
            });
        }
    }
    None
}
