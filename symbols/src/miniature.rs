//! Miniature .sym texts: the few lines of a file that matter for one look-up, parsed by the
//! reference and kept for the next look-up in the same place.

use std::sync::{Arc, Mutex, PoisonError};

use breakpad_symbols::SymbolFile;
use lru::LruCache;

use crate::indexed_file::{Found, IndexedFile, ids_in_block};
use crate::symx::Table;

/// Which lines a miniature is made of, as places in the file's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Parts {
    /// A function, and the Windows frame information at the address: it overrides parameter sizes.
    Function { function: usize, frame_data: Option<usize>, fpo: Option<usize> },
    /// A public symbol, and the function before the address: a public ends where a function begins.
    Public { public: usize, function_before: Option<usize> },
    /// How to unwind from the address.
    Unwind { frame_data: Option<usize>, fpo: Option<usize>, cfi: Option<usize> },
}

type Key = (u64, Parts);

/// Parsed miniatures, the least recently used dropped first.
pub(crate) struct Miniatures {
    state: Mutex<State>,
    bytes_max: usize,
}

struct State {
    parsed: LruCache<Key, Parsed>,
    bytes: usize,
}

struct Parsed {
    symbols: Arc<SymbolFile>,
    text_bytes: usize,
}

/// Memory that a parsed miniature takes beside its text: empty maps and the entry itself.
const ENTRY_BYTES: usize = 600;

impl Miniatures {
    /// A cache for texts of `bytes_max` bytes in all. Parsed, they take about twice of it.
    pub(crate) fn new(bytes_max: usize) -> Self {
        // No bound by number: bytes bound it, and an unbounded map does not reserve memory.
        let state = State { parsed: LruCache::unbounded(), bytes: 0 };
        Self { state: Mutex::new(state), bytes_max }
    }

    /// What names an address relative to the module; `None` if nothing does.
    pub(crate) fn naming(&self, file: &IndexedFile, address: u64) -> Option<Arc<SymbolFile>> {
        if let Some(function) = file.covering(Table::Functions, address) {
            let frame_data = file.covering(Table::FrameData, address);
            let fpo = file.covering(Table::Fpo, address);
            let parts = Parts::Function {
                function: function.place,
                frame_data: place(frame_data),
                fpo: place(fpo),
            };
            return self.get(file, parts, || {
                let mut text = function_text(file, &function);
                append(&mut text, file, [frame_data, fpo]);
                text
            });
        }
        let public = file.at_or_before(Table::Publics, address)?;
        let function_before = file.at_or_before(Table::Functions, address);
        let parts = Parts::Public { public: public.place, function_before: place(function_before) };
        self.get(file, parts, || {
            let mut text = file.text_of(&public.record).to_vec();
            if let Some(function) = function_before {
                text.extend_from_slice(file.first_line_of(&function.record));
            }
            text
        })
    }

    /// How to unwind from an address relative to the module; `None` if the file does not say.
    pub(crate) fn unwinding(&self, file: &IndexedFile, address: u64) -> Option<Arc<SymbolFile>> {
        let frame_data = file.covering(Table::FrameData, address);
        let fpo = file.covering(Table::Fpo, address);
        let cfi = file.covering(Table::Cfi, address);
        frame_data.or(fpo).or(cfi)?;
        let parts =
            Parts::Unwind { frame_data: place(frame_data), fpo: place(fpo), cfi: place(cfi) };
        self.get(file, parts, || {
            let mut text = Vec::new();
            append(&mut text, file, [frame_data, fpo]);
            append(&mut text, file, [cfi]);
            text
        })
    }

    fn get(
        &self,
        file: &IndexedFile,
        parts: Parts,
        text: impl FnOnce() -> Vec<u8>,
    ) -> Option<Arc<SymbolFile>> {
        let key = (file.number, parts);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = state.parsed.get(&key) {
            return Some(Arc::clone(&parsed.symbols));
        }
        let text = text();
        // Lines of a file that the reference took as a whole: it takes them here too.
        let symbols = Arc::new(SymbolFile::from_bytes(&text).ok()?);
        let parsed = Parsed { symbols: Arc::clone(&symbols), text_bytes: text.len() };
        state.insert(key, parsed, self.bytes_max);
        Some(symbols)
    }
}

impl State {
    fn insert(&mut self, key: Key, parsed: Parsed, bytes_max: usize) {
        self.bytes += parsed.text_bytes + ENTRY_BYTES;
        if let Some(old) = self.parsed.put(key, parsed) {
            self.bytes -= old.text_bytes + ENTRY_BYTES;
        }
        while self.bytes > bytes_max {
            let Some((_, old)) = self.parsed.pop_lru() else { break };
            self.bytes -= old.text_bytes + ENTRY_BYTES;
        }
    }
}

/// A function's block with the names that it refers to. Origins come after the block, so that the
/// file's last definition of an id wins over one inside of the block, as it does in the whole file.
fn function_text(file: &IndexedFile, function: &Found) -> Vec<u8> {
    let block = file.text_of(&function.record);
    let (files, origins) = ids_in_block(block);
    let mut text = block.to_vec();
    for id in origins {
        text.extend_from_slice(file.numbered(Table::Origins, id).unwrap_or_default());
    }
    for id in files {
        text.extend_from_slice(file.numbered(Table::Files, id).unwrap_or_default());
    }
    text
}

fn append<const N: usize>(text: &mut Vec<u8>, file: &IndexedFile, parts: [Option<Found>; N]) {
    for part in parts.into_iter().flatten() {
        text.extend_from_slice(file.text_of(&part.record));
    }
}

fn place(found: Option<Found>) -> Option<usize> {
    found.map(|found| found.place)
}
