//! A minidump's file while it is made: things are appended, the directory comes last.

#![expect(clippy::unwrap_used, reason = "a dump of over 4 GiB fails a test by panicking")]

use std::collections::HashMap;

/// Bytes of a minidump's header.
const HEADER_BYTES: usize = 32;

/// Length and place of something in the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    length: u32,
    offset: u32,
}

impl Place {
    /// As a location descriptor.
    pub(super) fn bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..].copy_from_slice(&self.offset.to_le_bytes());
        bytes
    }
}

/// The file, and what stands in it once for many.
pub(super) struct Writer {
    file: Vec<u8>,
    strings: HashMap<String, u32>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { file: vec![0; HEADER_BYTES], strings: HashMap::new() }
    }

    /// Appends bytes, aligned.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Place {
        self.file.resize(self.file.len().next_multiple_of(8), 0);
        let offset = u32::try_from(self.file.len()).unwrap();
        self.file.extend_from_slice(bytes);
        Place { length: u32::try_from(bytes.len()).unwrap(), offset }
    }

    /// MINIDUMP_STRING: its offset. The same text again is the same place.
    pub(super) fn string(&mut self, text: &str) -> u32 {
        if let Some(offset) = self.strings.get(text) {
            return *offset;
        }
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut string = count(units.len());
        string.extend(units);
        string.extend([0; 2]);
        let offset = self.append(&string).offset;
        self.strings.insert(text.to_owned(), offset);
        offset
    }

    /// Writes the directory and the header.
    pub(super) fn finish(mut self, streams: &[(u32, Place)]) -> Vec<u8> {
        let mut directory = Vec::new();
        for (kind, place) in streams {
            directory.extend(kind.to_le_bytes());
            directory.extend(place.bytes());
        }
        let directory = self.append(&directory).offset;
        let mut file = self.file;
        file[..4].copy_from_slice(b"MDMP");
        file[4..8].copy_from_slice(&0xa793_u32.to_le_bytes());
        file[8..12].copy_from_slice(&count(streams.len()));
        file[12..16].copy_from_slice(&directory.to_le_bytes());
        file
    }
}

pub(super) fn count(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_le_bytes().to_vec()
}
