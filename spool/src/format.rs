//! Header and trailer of a spooled file, to bytes and back; what can be wrong with such a file.

use std::io;

use auxilio_common::{CrashId, DumpName};
use sha2::{Digest, Sha256};

/// Bytes before the first dump.
pub const HEADER_BYTES: usize = 32;

/// Bytes after the index.
pub const TRAILER_BYTES: usize = 56;

/// The header's first 16 bytes: name, version 1, zero.
const MARK: [u8; 16] = *b"AUXCRASH\x01\0\0\0\0\0\0\0";

/// The trailer's last 8 bytes.
const END: [u8; 8] = *b"AUXCREND";

/// What is wrong with a spooled file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("the file can't be read")]
    Io(#[source] io::Error),
    /// Too short for header and trailer.
    #[error("the file has {0} bytes, fewer than its header and trailer")]
    TooShort(u64),
    /// It does not begin as a spooled crash.
    #[error("the file does not begin with the mark of a spooled crash")]
    Mark,
    /// It is of another version.
    #[error("the file has version {0} of the format; version 1 is known")]
    Version(u32),
    /// It does not end as a spooled crash.
    #[error("the file does not end with the mark of a whole crash")]
    End,
    /// The trailer's offset and length don't fit the file.
    #[error("the index at {offset} with {length} bytes does not end at the trailer")]
    IndexPlace {
        /// Where the trailer says that the index begins.
        offset: u64,
        /// How long the trailer says that it is.
        length: u64,
    },
    /// The index is larger than any that is written.
    #[error("the index has {0} bytes, more than any that is written")]
    IndexTooLarge(u64),
    /// Header, index or trailer are not what was written.
    #[error("the checksum over header and index is wrong")]
    IndexChecksum,
    /// The index is no crash.
    #[error("the index is no crash")]
    Index(#[source] serde_json::Error),
    /// The dumps don't lie side by side between header and index.
    #[error("dump \"{0}\" does not begin where the bytes before it end")]
    DumpPlace(DumpName),
    /// Bytes lie between the last dump and the index, or the last dump reaches into it.
    #[error("the dumps end at {end}, the index begins at {index}")]
    DumpsEnd {
        /// Where the dumps end.
        end: u64,
        /// Where the index begins.
        index: u64,
    },
    /// Two dumps have one name.
    #[error("two dumps have the name \"{0}\"")]
    DumpTwice(DumpName),
    /// The file's name says another crash than the file.
    #[error("the file holds crash {0}, not the one of its name")]
    OtherCrash(CrashId),
    /// A dump's bytes are not those that were written.
    #[error("the bytes of dump \"{0}\" don't have the checksum that the index says")]
    DumpChecksum(DumpName),
}

impl Error {
    /// Whether the file itself is at fault: reading it again gives the same error.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}

/// The header with its nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) nonce: [u8; 16],
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..16].copy_from_slice(&MARK);
        bytes[16..].copy_from_slice(&self.nonce);
        bytes
    }

    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, Error> {
        if bytes[..8] != MARK[..8] || bytes[12..16] != MARK[12..] {
            return Err(Error::Mark);
        }
        let version = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        if bytes[8..12] != MARK[8..12] {
            return Err(Error::Version(version));
        }
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&bytes[16..]);
        Ok(Self { nonce })
    }
}

/// The trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) index_offset: u64,
    pub(crate) index_length: u64,
    pub(crate) checksum: [u8; 32],
}

impl Trailer {
    /// The trailer that belongs to a header and an index at an offset.
    pub(crate) fn of(header: Header, index: &[u8], index_offset: u64) -> Self {
        let index_length = index.len() as u64;
        let mut hasher = Sha256::new();
        hasher.update(header.to_bytes());
        hasher.update(index);
        hasher.update(index_offset.to_le_bytes());
        hasher.update(index_length.to_le_bytes());
        Self { index_offset, index_length, checksum: hasher.finalize().into() }
    }

    pub(crate) fn to_bytes(self) -> [u8; TRAILER_BYTES] {
        let mut bytes = [0; TRAILER_BYTES];
        bytes[..8].copy_from_slice(&self.index_offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.index_length.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.checksum);
        bytes[48..].copy_from_slice(&END);
        bytes
    }

    /// Reads the trailer of a file of `file_length` bytes; offset and length fit the file.
    pub(crate) fn parse(bytes: &[u8; TRAILER_BYTES], file_length: u64) -> Result<Self, Error> {
        if bytes[48..] != END {
            return Err(Error::End);
        }
        let number = |from: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[from..from + 8]);
            u64::from_le_bytes(eight)
        };
        let (offset, length) = (number(0), number(8));
        let end = offset.checked_add(length).and_then(|end| end.checked_add(TRAILER_BYTES as u64));
        if offset < HEADER_BYTES as u64 || end != Some(file_length) {
            return Err(Error::IndexPlace { offset, length });
        }
        let mut checksum = [0; 32];
        checksum.copy_from_slice(&bytes[16..48]);
        Ok(Self { index_offset: offset, index_length: length, checksum })
    }
}

/// A SHA-256 as 64 lower-case hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
