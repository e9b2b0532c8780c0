//! One fault in a real dump, chosen by a seed.

use super::layout::Layout;
use crate::splitmix::SplitMix;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A few bits are flipped, anywhere.
    BitFlip,
    /// A run of bytes is noise.
    Burst,
    /// It ends anywhere.
    Cut,
    /// It ends at or beside the edge of a stream.
    CutAtEdge,
    /// Kind, length or place of a stream is another.
    Directory,
    /// A list says another number of entries.
    Count,
    /// A length, place or address of a thread, module or region is another.
    Descriptor,
    /// A register of a thread is another.
    Register,
    /// A run of bytes stands at a second place as well.
    Splice,
    /// A run of bytes is zero.
    Zero,
    /// A thread's stack is return addresses, or a chain of frames.
    StackFill,
    /// A number anywhere is one of those at which arithmetic breaks.
    Edge,
}

impl Operation {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::BitFlip,
        Self::Burst,
        Self::Cut,
        Self::CutAtEdge,
        Self::Directory,
        Self::Count,
        Self::Descriptor,
        Self::Register,
        Self::Splice,
        Self::Zero,
        Self::StackFill,
        Self::Edge,
    ];
}

/// A dump with one fault.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The kind of fault.
    pub operation: Operation,
    /// The dump.
    pub bytes: Vec<u8>,
}

/// Numbers at which arithmetic breaks.
const EDGES: [u32; 10] =
    [0, 1, 2, 0x7f, 0xffff, 0x0001_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/// The mutant of a dump for a seed. The kinds take turns as the seed grows.
pub fn mutant(dump: &[u8], seed: u64) -> Mutant {
    let mut random = SplitMix::new(seed);
    // The remainder is below twelve.
    let turn = usize::try_from(seed % 12).unwrap_or(0);
    let operation = Operation::ALL[turn];
    let mut bytes = dump.to_vec();
    if !bytes.is_empty() {
        Change { bytes: &mut bytes, random: &mut random, layout: Layout::of(dump) }.make(operation);
    }
    Mutant { operation, bytes }
}

struct Change<'a> {
    bytes: &'a mut Vec<u8>,
    random: &'a mut SplitMix,
    layout: Layout,
}

impl Change<'_> {
    fn make(mut self, operation: Operation) {
        match operation {
            Operation::BitFlip => self.flip_bits(),
            Operation::Burst => {
                let range = self.run(256);
                self.random.fill(&mut self.bytes[range]);
            }
            Operation::Cut => {
                let length = self.random.index(self.bytes.len());
                self.bytes.truncate(length);
            }
            Operation::CutAtEdge => self.cut_at_edge(),
            Operation::Directory => self.change_directory(),
            Operation::Count => self.change_count(),
            Operation::Descriptor => {
                let fields = std::mem::take(&mut self.layout.descriptors);
                self.change_one_of(&fields);
            }
            Operation::Register => self.change_register(),
            Operation::Splice => {
                let from = self.run(4_096);
                let to = self.random.index(self.bytes.len() - from.len() + 1);
                self.bytes.copy_within(from, to);
            }
            Operation::Zero => {
                let range = self.run(4_096);
                self.bytes[range].fill(0);
            }
            Operation::StackFill => self.fill_stack(),
            Operation::Edge => {
                let at = self.random.index(self.bytes.len()) & !3;
                self.put_edge(at);
            }
        }
    }

    /// A run of at most so many bytes.
    fn run(&mut self, most: usize) -> std::ops::Range<usize> {
        let length = (1 + self.random.index(most)).min(self.bytes.len());
        let begin = self.random.index(self.bytes.len() - length + 1);
        begin..begin + length
    }

    fn flip_bits(&mut self) {
        for _ in 0..=self.random.below(8) {
            let at = self.random.index(self.bytes.len());
            self.bytes[at] ^= 1 << self.random.below(8);
        }
    }

    fn cut_at_edge(&mut self) {
        if self.layout.streams.is_empty() {
            return;
        }
        let stream = *self.random.pick(&self.layout.streams);
        let edge = stream.begin + if self.random.chance(50) { stream.length } else { 0 };
        let beside = *self.random.pick(&[-4_isize, -1, 0, 1, 4]);
        self.bytes.truncate(edge.saturating_add_signed(beside));
    }

    fn change_directory(&mut self) {
        let entries: Vec<usize> = self.layout.streams.iter().map(|stream| stream.entry).collect();
        let fields: Vec<usize> = entries.iter().flat_map(|at| [*at, at + 4, at + 8]).collect();
        self.change_one_of(&fields);
    }

    /// The counts stand first, or third behind two sizes.
    fn change_count(&mut self) {
        let begins: Vec<usize> = self
            .layout
            .streams
            .iter()
            .filter(|stream| matches!(stream.kind, 3..=5 | 9 | 12 | 14 | 16 | 24))
            .flat_map(|stream| match stream.kind {
                12 | 14 | 16 => [stream.begin + 8, stream.begin, stream.begin + 4],
                _ => [stream.begin; 3],
            })
            .collect();
        self.change_one_of(&begins);
    }

    fn change_register(&mut self) {
        if self.layout.contexts.is_empty() {
            return;
        }
        let (context, length) = *self.random.pick(&self.layout.contexts);
        // Instruction, stack and frame pointer of amd64 most of the time, else any.
        let known = [152, 160, 248].map(|at| at + context);
        let any = context + (self.random.index(length) & !7);
        let at = if self.random.chance(70) { *self.random.pick(&known) } else { any };
        let value = if self.random.chance(50) {
            self.random.next()
        } else {
            let (_, bytes, address) = self.layout.stacks.first().copied().unwrap_or_default();
            address.wrapping_add(self.random.below(bytes as u64 + 64))
        };
        self.put(at, &value.to_le_bytes());
    }

    fn fill_stack(&mut self) {
        if self.layout.stacks.is_empty() || self.layout.modules.is_empty() {
            return;
        }
        let (place, length, address) = *self.random.pick(&self.layout.stacks);
        let code = self.random.pick(&self.layout.modules).wrapping_add(0x1200);
        let chain = self.random.chance(50);
        for (number, at) in (place..place + length - 7).step_by(8).enumerate() {
            let next = address.wrapping_add(8 * (number as u64 + 2));
            let word = if chain && number % 2 == 0 { next } else { code };
            self.put(at, &word.to_le_bytes());
        }
    }

    fn change_one_of(&mut self, places: &[usize]) {
        if places.is_empty() {
            return;
        }
        let at = *self.random.pick(places);
        if self.random.chance(60) {
            self.put_edge(at);
        } else {
            let value = u32::try_from(self.random.below(1 << 32)).unwrap_or(0);
            self.put(at, &value.to_le_bytes());
        }
    }

    /// An edge, or one below or above the number that stands there, or the dump's own length.
    fn put_edge(&mut self, at: usize) {
        let old = self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied();
        let old = old.map_or(0, u32::from_le_bytes);
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let near = [old.wrapping_add(1), old.wrapping_sub(1), length, length.wrapping_sub(old)];
        let value = if self.random.chance(70) {
            *self.random.pick(&EDGES)
        } else {
            *self.random.pick(&near)
        };
        self.put(at, &value.to_le_bytes());
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::synthetic::{CODE, STACK, Synthetic, frame_chain};

    #[test]
    fn a_seed_gives_one_mutant_and_every_kind_changes_something() {
        let mut dump = Synthetic::new();
        let stack = dump.memory(STACK, frame_chain(STACK, 4_096, CODE + 0x200));
        dump.thread(1, stack);
        dump.memory_list = true;
        let dump = dump.build();
        let mut changed: BTreeMap<Operation, u32> = BTreeMap::new();
        for seed in 0..240 {
            let first = mutant(&dump, seed);
            assert_eq!(first.bytes, mutant(&dump, seed).bytes);
            *changed.entry(first.operation).or_default() += u32::from(first.bytes != dump);
        }
        assert_eq!(changed.len(), 12);
        assert!(changed.values().all(|count| *count >= 10), "{changed:?}");
        for operation in 0..12 {
            mutant(&[], operation);
            mutant(&[7], operation);
        }
    }
}
