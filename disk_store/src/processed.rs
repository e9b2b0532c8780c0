//! The processed file: a document behind a header that proves it.

use auxilio_common::ProcessedDocument;
use sha2::{Digest, Sha256};

/// Bytes before the document.
pub const HEADER_BYTES: usize = 56;

/// Name, version 1, zero.
const MARK: [u8; 16] = *b"AUXPROCD\x01\0\0\0\0\0\0\0";

/// What is wrong with a processed file.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Too short for a header.
    #[error("the file has {0} bytes, fewer than its header")]
    TooShort(usize),
    /// It does not begin as a processed crash.
    #[error("the file does not begin with the mark of a processed crash")]
    Mark,
    /// It is of another version.
    #[error("the file has version {0} of the format; version 1 is known")]
    Version(u32),
    /// The document is cut, or something follows it.
    #[error("the file has {found} bytes of document, its header says {said}")]
    Length {
        /// Bytes behind the header.
        found: u64,
        /// What the header says.
        said: u64,
    },
    /// Header or document are not what was written.
    #[error("the checksum over header and document is wrong")]
    Checksum,
    /// The document is no processed crash.
    #[error("the document is no processed crash")]
    Document(#[source] serde_json::Error),
}

/// The file's bytes for a document.
pub fn to_bytes(document: &ProcessedDocument) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![0; HEADER_BYTES];
    serde_json::to_writer(&mut bytes, document)?;
    let length = (bytes.len() - HEADER_BYTES) as u64;
    bytes[..16].copy_from_slice(&MARK);
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&bytes);
    bytes[24..HEADER_BYTES].copy_from_slice(&checksum);
    Ok(bytes)
}

/// The document of a file's bytes.
pub fn parse(bytes: &[u8]) -> Result<ProcessedDocument, FormatError> {
    if bytes.len() < HEADER_BYTES {
        return Err(FormatError::TooShort(bytes.len()));
    }
    if bytes[..8] != MARK[..8] || bytes[12..16] != MARK[12..] {
        return Err(FormatError::Mark);
    }
    if bytes[8..12] != MARK[8..12] {
        let version = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        return Err(FormatError::Version(version));
    }
    let mut said = [0; 8];
    said.copy_from_slice(&bytes[16..24]);
    let (found, said) = ((bytes.len() - HEADER_BYTES) as u64, u64::from_le_bytes(said));
    if found != said {
        return Err(FormatError::Length { found, said });
    }
    if bytes[24..HEADER_BYTES] != checksum(bytes) {
        return Err(FormatError::Checksum);
    }
    serde_json::from_slice(&bytes[HEADER_BYTES..]).map_err(FormatError::Document)
}

/// Of all but the checksum's own place. The caller has a whole header.
fn checksum(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(&bytes[..24]);
    hasher.update(&bytes[HEADER_BYTES..]);
    hasher.finalize().into()
}
