//! A compressed minidump being unpacked on its way to the spool. Its own bytes are held beside, for the
//! case that it turns out to be broken.

use auxilio_common::{DumpName, limits};
use auxilio_spool::{Draft, Scratch};

use crate::codings::{Budget, Coding, DecodeError, Decoder};
use crate::refusal::Refusal;

/// What a minidump begins with.
const MINIDUMP: &[u8] = b"MDMP";

/// What came of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All is well.
    Whole,
    /// The stream is broken, or what it holds is no minidump. No more must be given.
    Broken,
}

/// A compressed minidump under way.
pub(crate) struct Packed {
    coding: Coding,
    decoder: Decoder,
    budget: Budget,
    scratch: Scratch,
    /// Unpacked bytes that do not tell a minidump yet.
    begin: Vec<u8>,
    /// Whether it is a minidump, which is being written then.
    proven: bool,
    step: Vec<u8>,
}

impl Packed {
    pub(crate) fn new(coding: Coding, scratch: Scratch) -> Result<Self, Refusal> {
        Ok(Self {
            coding,
            decoder: Decoder::new(coding).map_err(|_| Refusal::Internal)?,
            budget: Budget::new(limits::DUMP_BYTES_MAX),
            scratch,
            begin: Vec::new(),
            proven: false,
            step: Vec::new(),
        })
    }

    pub(crate) fn coding(&self) -> Coding {
        self.coding
    }

    /// Whether a dump was begun in the draft.
    pub(crate) fn is_proven(&self) -> bool {
        self.proven
    }

    /// All bytes as they came.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Unpacks more bytes.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        name: &DumpName,
        draft: &mut Draft,
    ) -> Result<Taken, Refusal> {
        self.scratch.write(bytes).map_err(Refusal::Spool)?;
        let mut rest = bytes;
        loop {
            self.step.clear();
            let Ok(used) = self.decoder.step(rest, &mut self.step) else {
                return Ok(Taken::Broken);
            };
            rest = &rest[used..];
            if used == 0 && self.step.is_empty() {
                return Ok(Taken::Whole);
            }
            if self.write(name, draft)? == Taken::Broken {
                return Ok(Taken::Broken);
            }
        }
    }

    /// All bytes came: the stream must be whole, and a minidump.
    pub(crate) fn finish(&mut self, name: &DumpName, draft: &mut Draft) -> Result<Taken, Refusal> {
        self.step.clear();
        let finished: Result<(), DecodeError> = self.decoder.finish(&mut self.step);
        if finished.is_err() || self.write(name, draft)? == Taken::Broken || !self.proven {
            return Ok(Taken::Broken);
        }
        Ok(Taken::Whole)
    }

    fn write(&mut self, name: &DumpName, draft: &mut Draft) -> Result<Taken, Refusal> {
        let within = self.budget.take(self.step.len(), self.scratch.length());
        let all = draft.dump_bytes() + self.step.len() as u64;
        if within.is_err() || all > limits::INFLATED_BYTES_MAX {
            return Err(Refusal::TooLarge("an unpacked dump"));
        }
        if !self.proven {
            self.begin.extend_from_slice(&self.step);
            if self.begin.len() < MINIDUMP.len() {
                return Ok(Taken::Whole);
            }
            if !self.begin.starts_with(MINIDUMP) {
                return Ok(Taken::Broken);
            }
            self.proven = true;
            draft.begin_dump(name.clone()).map_err(Refusal::Spool)?;
            self.step = std::mem::take(&mut self.begin);
        }
        draft.write(&self.step).map_err(Refusal::Spool)?;
        Ok(Taken::Whole)
    }
}
