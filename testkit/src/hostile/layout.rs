//! Where the parts of a minidump stand.

/// Bytes of a directory entry, a thread's and a module's record.
const ENTRY_BYTES: usize = 12;
const THREAD_BYTES: usize = 48;
const MODULE_BYTES: usize = 108;
const REGION_BYTES: usize = 16;

/// A stream of a dump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// Where its entry stands.
    pub(super) entry: usize,
    pub(super) kind: u32,
    pub(super) begin: usize,
    pub(super) length: usize,
}

/// The parts of a dump that is in order.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) streams: Vec<Stream>,
    /// Where fields that hold a length, a place or an address stand: of threads, modules, regions.
    pub(super) descriptors: Vec<usize>,
    /// Where each thread's registers stand, and how many bytes they have.
    pub(super) contexts: Vec<(usize, usize)>,
    /// Where each thread's stack stands: bytes in the dump, their number, their address.
    pub(super) stacks: Vec<(usize, usize, u64)>,
    /// Where modules begin in memory.
    pub(super) modules: Vec<u64>,
}

impl Layout {
    /// Reads a little-endian dump. What does not fit is left out.
    pub(super) fn of(dump: &[u8]) -> Self {
        let mut layout = Self {
            streams: Vec::new(),
            descriptors: Vec::new(),
            contexts: Vec::new(),
            stacks: Vec::new(),
            modules: Vec::new(),
        };
        let directory = number(dump, 12);
        for index in 0..number(dump, 8) {
            let entry = directory + index * ENTRY_BYTES;
            if entry + ENTRY_BYTES > dump.len() {
                break;
            }
            let (length, begin) = (number(dump, entry + 4), number(dump, entry + 8));
            if begin + length <= dump.len() {
                layout.streams.push(Stream { entry, kind: u32_at(dump, entry), begin, length });
            }
        }
        for stream in layout.streams.clone() {
            match stream.kind {
                3 => records(dump, stream, THREAD_BYTES).for_each(|at| layout.thread(dump, at)),
                4 => records(dump, stream, MODULE_BYTES).for_each(|at| layout.module(dump, at)),
                5 => records(dump, stream, REGION_BYTES)
                    .for_each(|at| layout.descriptors.extend([at, at + 8, at + 12])),
                _ => {}
            }
        }
        layout
    }

    fn thread(&mut self, dump: &[u8], at: usize) {
        self.descriptors.extend([at + 24, at + 32, at + 36, at + 40, at + 44]);
        let (stack_bytes, stack) = (number(dump, at + 32), number(dump, at + 36));
        if stack + stack_bytes <= dump.len() && stack_bytes >= 16 {
            self.stacks.push((stack, stack_bytes, u64_at(dump, at + 24)));
        }
        let (bytes, context) = (number(dump, at + 40), number(dump, at + 44));
        if context + bytes <= dump.len() && bytes >= 8 {
            self.contexts.push((context, bytes));
        }
    }

    fn module(&mut self, dump: &[u8], at: usize) {
        self.descriptors.extend([at, at + 8, at + 20, at + 76, at + 80]);
        self.modules.push(u64_at(dump, at));
    }
}

/// Where the records of a list begin, padding behind the count allowed for.
fn records(dump: &[u8], stream: Stream, size: usize) -> impl Iterator<Item = usize> + use<> {
    let count = number(dump, stream.begin);
    let padding = stream.length.saturating_sub(4 + count.saturating_mul(size)).min(4);
    let first = stream.begin + 4 + padding;
    let end = stream.begin + stream.length;
    (0..count).map(move |number| first + number * size).take_while(move |at| at + size <= end)
}

fn number(dump: &[u8], at: usize) -> usize {
    u32_at(dump, at) as usize
}

fn u32_at(dump: &[u8], at: usize) -> u32 {
    let bytes = dump.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(dump: &[u8], at: usize) -> u64 {
    let bytes = dump.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
