//! Chunks: pieces of a value, each compressed by itself and named by its content.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::compressors::Compressors;
use super::fault::Fault;
use super::keys::hex;

/// The largest chunk: cells of this size leave small region servers alive where whole dumps of
/// 20 MB end them.
pub(super) const CHUNK_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Digits of the hash in a chunk's name.
const HASH_DIGITS: usize = 16;

/// Of a chunk three pieces are tried first, each of this part of it and of no more bytes than that: what
/// doesn't shrink there is kept as it is. A dump of random bytes costs more time to be compressed in
/// vain than to be sent.
const TRIED_PART: usize = 16;
const TRIED_BYTES_MAX: usize = 16 * 1024;

/// Smaller chunks are compressed untried: their sixteenth part tells too little.
const UNTRIED_BYTES: usize = 16 * 1024;

/// How a chunk's bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Codec {
    /// As they are.
    None,
    /// Compressed.
    Zstd,
}

/// A chunk as a manifest names it; its place in the list is its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChunkRef {
    /// The first 16 digits of the SHA-256 of the value's plain bytes up to the chunk's end: that of the
    /// whole value costs nothing more then.
    pub(super) hash: String,
    /// Plain bytes.
    pub(super) length: usize,
    /// Bytes in the cell.
    pub(super) stored: usize,
    pub(super) codec: Codec,
    /// CRC-32 of the plain bytes. Chunks that were written before it was taken have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crc32: Option<u32>,
}

impl ChunkRef {
    /// The chunk's column among those of a value (`family:name`).
    pub(super) fn column(&self, value: &[u8], number: usize) -> Vec<u8> {
        [value, format!("#{number}.{}", self.hash).as_bytes()].concat()
    }

    /// The plain bytes of a cell, compared by their length and their CRC-32. Without one the checksum of the
    /// whole value is the reader's to compare.
    pub(super) fn open(&self, stored: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let damaged = || Fault::Chunk(self.hash.clone());
        if self.length > CHUNK_BYTES_MAX {
            return Err(damaged());
        }
        let plain = match self.codec {
            Codec::None => stored,
            Codec::Zstd => zstd::bulk::decompress(&stored, self.length).map_err(|_| damaged())?,
        };
        let is_it = plain.len() == self.length
            && self.crc32.is_none_or(|crc32| crc32 == crc32fast::hash(&plain));
        if is_it { Ok(plain) } else { Err(damaged()) }
    }
}

/// A chunk on its way to the store.
pub(super) struct Chunk {
    pub(super) name: ChunkRef,
    pub(super) bytes: Bytes,
}

impl Chunk {
    fn of(
        plain: Vec<u8>,
        crc32: u32,
        sha256: &str,
        compressors: &Compressors,
    ) -> Result<Self, Fault> {
        let (hash, length) = (sha256.chars().take(HASH_DIGITS).collect(), plain.len());
        let shrinks = may_shrink(&plain, compressors)?;
        let compressed = if shrinks { Some(compressors.compress(&plain)?) } else { None };
        let (codec, bytes) = match compressed {
            Some(compressed) if compressed.len() < length => (Codec::Zstd, compressed),
            _ => (Codec::None, plain),
        };
        let name = ChunkRef { hash, length, stored: bytes.len(), codec, crc32: Some(crc32) };
        Ok(Self { name, bytes: bytes.into() })
    }
}

/// Whether compression is worth its time: at its beginning, middle or end a chunk loses a
/// thirty-second part.
fn may_shrink(plain: &[u8], compressors: &Compressors) -> Result<bool, Fault> {
    if plain.len() <= UNTRIED_BYTES {
        return Ok(true);
    }
    let size = (plain.len() / TRIED_PART).min(TRIED_BYTES_MAX);
    let last = plain.len() - size;
    for begin in [0, last / 2, last] {
        let tried = plain.get(begin..begin + size).unwrap_or(plain);
        if compressors.compress(tried)?.len() < tried.len() - tried.len() / 32 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a value is read from.
pub(super) type Source = Box<dyn Read + Send>;

/// What comes of a source: a chunk, the end, or why it can't be read.
pub(super) type NextChunk = io::Result<Option<Result<Chunk, Fault>>>;

/// What is known of a value before it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// Bytes that are made room for; a source that has another number of them is read all the same.
    pub(super) length: u64,
    /// The CRC-32 and the SHA-256 of the bytes, if somebody took both from them in one turn: where the
    /// first is right, the second is not computed again.
    pub(super) checksums: Option<(u32, String)>,
}

/// Takes a value apart. It blocks where its source does.
pub(super) struct Splitter {
    source: Source,
    compressors: Arc<Compressors>,
    most: usize,
    expected: Expected,
    whole: Whole,
    ended: bool,
}

/// The checksum of all bytes so far.
enum Whole {
    Running(Sha256),
    /// The value was one chunk, and its bytes are those that this was taken from.
    Known(String),
}

impl Splitter {
    pub(super) fn new(
        source: Source,
        expected: Expected,
        most: usize,
        compressors: Arc<Compressors>,
    ) -> Self {
        let (most, whole) = (most.clamp(1, CHUNK_BYTES_MAX), Whole::Running(Sha256::new()));
        Self { source, compressors, most, expected, whole, ended: false }
    }

    /// The next chunk; `None` at the end. An empty value has no chunk.
    pub(super) fn next(&mut self) -> NextChunk {
        if self.ended {
            return Ok(None);
        }
        let room = usize::try_from(self.expected.length).unwrap_or(usize::MAX).min(self.most);
        let mut plain = Vec::with_capacity(room);
        // A chunk's size fits.
        self.source.by_ref().take(self.most as u64).read_to_end(&mut plain)?;
        self.expected.length = self.expected.length.saturating_sub(plain.len() as u64);
        self.ended = plain.len() < self.most;
        if plain.is_empty() {
            return Ok(None);
        }
        let crc32 = crc32fast::hash(&plain);
        self.add(&plain, crc32);
        Ok(Some(Chunk::of(plain, crc32, &self.sha256(), &self.compressors)))
    }

    /// A chunk's name says the SHA-256 up to its end, so only a value of one chunk needs none of its own.
    fn add(&mut self, plain: &[u8], crc32: u32) {
        // Those of the whole value: of no use after its first chunk.
        let checksums = self.expected.checksums.take();
        match (&mut self.whole, checksums) {
            (whole, Some((expected, sha256))) if self.ended && expected == crc32 => {
                *whole = Whole::Known(sha256);
            }
            (Whole::Running(sha256), _) => sha256.update(plain),
            // It has ended: nothing more is read.
            (Whole::Known(_), _) => {}
        }
    }

    /// Whether it is known that no chunk follows.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The SHA-256 of all bytes so far.
    pub(super) fn sha256(&self) -> String {
        match &self.whole {
            Whole::Running(sha256) => hex(&sha256.clone().finalize()),
            Whole::Known(sha256) => sha256.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn split(bytes: &[u8], most: usize) -> (Vec<Chunk>, String) {
        split_known(bytes, most, None)
    }

    fn split_known(
        bytes: &[u8],
        most: usize,
        checksums: Option<(u32, String)>,
    ) -> (Vec<Chunk>, String) {
        let expected = Expected { length: 150, checksums };
        let source = Box::new(Cursor::new(bytes.to_vec()));
        let mut splitter = Splitter::new(source, expected, most, Arc::default());
        let mut chunks = Vec::new();
        while let Some(chunk) = splitter.next().unwrap() {
            chunks.push(chunk.unwrap());
        }
        (chunks, splitter.sha256())
    }

    #[test]
    fn a_value_comes_back_whatever_its_size() {
        for size in [0, 1, 99, 100, 101, 200, 250_usize] {
            let bytes: Vec<u8> = (0..=u8::MAX).take(size).collect();
            let (chunks, sha256) = split(&bytes, 100);
            assert_eq!(chunks.len(), size.div_ceil(100));
            let joined: Vec<u8> = chunks
                .iter()
                .flat_map(|chunk| chunk.name.open(chunk.bytes.to_vec()).unwrap())
                .collect();
            assert_eq!(joined, bytes);
            assert_eq!(sha256, hex(&Sha256::digest(&bytes)));
            for (number, chunk) in chunks.iter().enumerate() {
                let until = bytes.len().min((number + 1) * 100);
                assert!(hex(&Sha256::digest(&bytes[..until])).starts_with(&chunk.name.hash));
            }
        }
    }

    #[test]
    fn a_known_checksum_is_taken_where_the_bytes_are_its_own_and_one_chunk() {
        let bytes: Vec<u8> = (0..=u8::MAX).take(99).collect();
        let (crc32, mark) = (crc32fast::hash(&bytes), "0123456789abcdef".repeat(4));
        let (chunks, sha256) = split_known(&bytes, 100, Some((crc32, mark.clone())));
        assert_eq!((&chunks[0].name.hash[..], &sha256), ("0123456789abcdef", &mark));
        let honest = hex(&Sha256::digest(&bytes));
        assert_eq!(split_known(&bytes, 100, Some((crc32 ^ 1, mark.clone()))).1, honest);
        assert_eq!(split_known(&bytes, 50, Some((crc32, mark))).1, honest);
    }

    #[test]
    fn a_changed_bit_is_found_by_the_chunk_alone_and_older_ones_open_as_before() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let (chunks, _) = split(&bytes, 1 << 20);
        let [chunk] = chunks.as_slice() else { unreachable!("one chunk") };
        let mut text = serde_json::to_value(&chunk.name).unwrap();
        assert!(text.as_object_mut().unwrap().remove("crc32").is_some());
        let older: ChunkRef = serde_json::from_value(text).unwrap();
        for place in 0..chunk.bytes.len() {
            let mut changed = chunk.bytes.to_vec();
            changed[place] ^= 1;
            assert!(chunk.name.open(changed.clone()).is_err(), "{place}");
            assert_eq!(older.open(changed.clone()).unwrap(), changed, "the whole's to find");
        }
    }

    #[test]
    fn zeros_shrink_and_what_does_not_stays_as_it_is() {
        let (chunks, _) = split(&[0; 10_000], 1 << 20);
        assert_eq!(chunks[0].name.codec, Codec::Zstd);
        assert!(chunks[0].name.stored < 100);
        let (chunks, _) = split(b"abc", 1 << 20);
        assert_eq!((chunks[0].name.codec, chunks[0].name.stored), (Codec::None, 3));
        assert_eq!(
            String::from_utf8(chunks[0].name.column(b"raw_data:dump", 0)).unwrap(),
            "raw_data:dump#0.ba7816bf8f01cfea"
        );
    }

    #[test]
    fn a_cut_cell_and_a_lying_manifest_are_found() {
        let (chunks, _) = split(&[7; 1_000], 1 << 20);
        let [chunk] = chunks.as_slice() else { unreachable!("one chunk") };
        assert!(chunk.name.open(chunk.bytes[1..].to_vec()).is_err());
        for length in [0, 999, 1_001, usize::MAX] {
            let lie = ChunkRef { length, ..chunk.name.clone() };
            assert!(lie.open(chunk.bytes.to_vec()).is_err(), "{length}");
        }
    }
}
