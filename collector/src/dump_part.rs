//! A file of a form on its way to the spool. Minidumps are looked into as far as it takes to see that
//! one is compressed, or that old Electron wrapped it into a whole form of its own.

use auxilio_common::{DumpName, limits};
use auxilio_service::metrics;
use auxilio_spool::{Draft, Scratch};

use crate::codings::Coding;
use crate::notes::Notes;
use crate::packed::{Packed, Taken};
use crate::refusal::Refusal;

/// Bytes that tell what a file holds: the longest mark is that of bzip2.
const MARK_BYTES: usize = 10;

/// Bytes of a scratch that are read at once.
const REPLAY_BYTES: usize = 64 * 1024;

/// A file under way.
pub(crate) struct DumpPart {
    name: DumpName,
    /// Whether an empty one is a file at all: browsers send one for an input that was not filled.
    chosen: bool,
    bytes: u64,
    inside: Inside,
}

/// What the file holds.
enum Inside {
    /// Too little came to tell.
    Unknown { begin: Vec<u8>, form_possible: bool },
    /// It goes to the spool as it comes.
    Plain,
    /// It is compressed.
    Packed(Box<Packed>),
    /// It looks like a form.
    Form(Scratch),
}

impl DumpPart {
    /// Begins a file. `form_possible` is false within a form that was a file itself.
    pub(crate) fn begin(name: DumpName, chosen: bool, form_possible: bool) -> Self {
        let inside = Inside::Unknown { begin: Vec::new(), form_possible };
        Self { name, chosen, bytes: 0, inside }
    }

    /// Whether what comes is being unpacked.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.inside, Inside::Packed(_))
    }

    /// Takes more bytes.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        draft: &mut Draft,
        notes: &mut Notes,
    ) -> Result<(), Refusal> {
        self.bytes += bytes.len() as u64;
        if self.bytes > limits::DUMP_BYTES_MAX {
            return Err(Refusal::TooLarge("a dump"));
        }
        let Inside::Unknown { begin, form_possible } = &mut self.inside else {
            return self.take_known(bytes, draft, notes);
        };
        let form_possible = *form_possible;
        if begin.is_empty() && bytes.len() >= MARK_BYTES {
            self.decide(bytes, form_possible, draft)?;
            return self.take_known(bytes, draft, notes);
        }
        begin.extend_from_slice(bytes);
        if begin.len() < MARK_BYTES {
            return Ok(());
        }
        let begin = std::mem::take(begin);
        self.decide(&begin, form_possible, draft)?;
        self.take_known(&begin, draft, notes)
    }

    /// The file has ended. Returns a form that it may be, which is not in the spool then.
    pub(crate) fn end(
        mut self,
        draft: &mut Draft,
        notes: &mut Notes,
    ) -> Result<Option<(DumpName, Scratch)>, Refusal> {
        match self.inside {
            Inside::Unknown { .. } if self.bytes == 0 && !self.chosen => {
                notes.push(format!("{} was an empty choice of a file and dropped", self.name));
                return Ok(None);
            }
            Inside::Unknown { begin, .. } => {
                draft.begin_dump(self.name).map_err(Refusal::Spool)?;
                draft.write(&begin).map_err(Refusal::Spool)?;
            }
            Inside::Plain => {}
            Inside::Form(scratch) => return Ok(Some((self.name, scratch))),
            Inside::Packed(mut packed) => match packed.finish(&self.name, draft)? {
                Taken::Whole => {
                    let (coding, length) = (packed.coding().as_str(), packed.scratch().length());
                    notes.push(format!(
                        "{} was unpacked from {length} bytes of {coding}",
                        self.name
                    ));
                    metrics::COLLECTOR_UNPACKED.add(1, &[coding]);
                }
                Taken::Broken => {
                    self.inside = Inside::Plain;
                    keep_as_it_came(&self.name, &packed, draft, notes)?;
                }
            },
        }
        draft.end_dump().map_err(Refusal::Spool)?;
        Ok(None)
    }

    fn decide(
        &mut self,
        begin: &[u8],
        form_possible: bool,
        draft: &mut Draft,
    ) -> Result<(), Refusal> {
        // Attachments and memory reports are kept as they are, compressed ones too.
        let looked_into = self.name.is_minidump();
        self.inside = match packed_with(begin).filter(|_| looked_into) {
            Some(coding) => Inside::Packed(Box::new(Packed::new(coding, draft.scratch())?)),
            None if looked_into && form_possible && may_be_a_form(begin) => {
                Inside::Form(draft.scratch())
            }
            None => {
                draft.begin_dump(self.name.clone()).map_err(Refusal::Spool)?;
                Inside::Plain
            }
        };
        Ok(())
    }

    fn take_known(
        &mut self,
        bytes: &[u8],
        draft: &mut Draft,
        notes: &mut Notes,
    ) -> Result<(), Refusal> {
        match &mut self.inside {
            Inside::Unknown { .. } => Ok(()),
            Inside::Plain => draft.write(bytes).map(|_| ()).map_err(Refusal::Spool),
            Inside::Form(scratch) => scratch.write(bytes).map_err(Refusal::Spool),
            Inside::Packed(packed) => match packed.take(bytes, &self.name, draft)? {
                Taken::Whole => Ok(()),
                Taken::Broken => {
                    keep_as_it_came(&self.name, packed, draft, notes)?;
                    self.inside = Inside::Plain;
                    Ok(())
                }
            },
        }
    }
}

/// What looked compressed is no minidump inside, or broken: its own bytes become the dump.
fn keep_as_it_came(
    name: &DumpName,
    packed: &Packed,
    draft: &mut Draft,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let coding = packed.coding().as_str();
    notes.push(format!("{name} is no whole minidump in {coding} and was kept as it came"));
    if packed.is_proven() {
        draft.drop_dump().map_err(Refusal::Spool)?;
    }
    draft.begin_dump(name.clone()).map_err(Refusal::Spool)?;
    replay(packed.scratch(), |bytes| draft.write(bytes).map(|_| ()).map_err(Refusal::Spool))
}

/// Reads a scratch from its begin to its end.
pub(crate) fn replay(
    scratch: &Scratch,
    mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let (mut buffer, mut place) = (vec![0; REPLAY_BYTES], 0);
    loop {
        let count = scratch.read_at(place, &mut buffer).map_err(Refusal::Spool)?;
        if count == 0 {
            return Ok(());
        }
        take(&buffer[..count])?;
        place += count as u64;
    }
}

/// What compressed the bytes, by the marks that each format begins with.
fn packed_with(begin: &[u8]) -> Option<Coding> {
    match begin {
        [0x1f, 0x8b, 8, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Coding::Xz),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
            Some(Coding::Bzip2)
        }
        _ => None,
    }
}

/// A form begins with a delimiter, after blank lines or none.
fn may_be_a_form(begin: &[u8]) -> bool {
    begin.trim_ascii_start().starts_with(b"--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_tell_what_a_file_holds() {
        assert_eq!(packed_with(b"MDMP\x93\xa7\0\0\0\0"), None);
        assert_eq!(packed_with(b"\x1f\x8b\x08\0\0\0\0\0\0\0"), Some(Coding::Gzip));
        assert_eq!(packed_with(b"BZh91AY&SY"), Some(Coding::Bzip2));
        assert_eq!(packed_with(b"BZh01AY&SY"), None);
        assert!(may_be_a_form(b"\r\n--abc\r\n"));
        assert!(!may_be_a_form(b"-abc"));
    }
}
