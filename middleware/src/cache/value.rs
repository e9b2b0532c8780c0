//! A cached answer as bytes: a checksum over its key and all of it, then its tag, then its body,
//! compressed.
//!
//! ```text
//! 8   "auxilio" and the format's number
//! 32  SHA-256 of the key and of all that follows
//! 16  the answer's tag
//! 8   bytes of the body, big-endian
//! ..  the body, as one zstd frame
//! ```

use std::io;

use auxilio_common::limits::API_ANSWER_BYTES_MAX;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::key::Key;
use crate::answer::{Answer, TAG_BYTES};

const MAGIC: &[u8; 8] = b"auxilio\x01";

const SUM_BYTES: usize = 32;

/// zstd's fastest level: JSON shrinks to a tenth already, and higher ones cost more than they save.
const LEVEL: i32 = 1;

/// An answer as the value of a key.
pub(super) fn seal(key: Key, answer: &Answer) -> io::Result<Bytes> {
    let mut rest = Vec::new();
    rest.extend_from_slice(&answer.tag);
    rest.extend_from_slice(&(answer.body.len() as u64).to_be_bytes());
    rest.extend_from_slice(&zstd::bulk::compress(&answer.body, LEVEL)?);
    let mut value = Vec::with_capacity(MAGIC.len() + SUM_BYTES + rest.len());
    value.extend_from_slice(MAGIC);
    value.extend_from_slice(&sum(key, &rest));
    value.extend_from_slice(&rest);
    Ok(value.into())
}

/// The answer that a key's value holds; `None` if the value is not whole, not ours or another key's.
pub(super) fn open(key: Key, value: &[u8]) -> Option<Answer> {
    let rest = value.strip_prefix(MAGIC)?;
    let (said, rest) = rest.split_first_chunk::<SUM_BYTES>()?;
    if *said != sum(key, rest) {
        return None;
    }
    let (tag, rest) = rest.split_first_chunk::<TAG_BYTES>()?;
    let (length, body) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    if length > API_ANSWER_BYTES_MAX {
        return None;
    }
    let body = zstd::bulk::decompress(body, length).ok()?;
    (body.len() == length).then(|| Answer { body: body.into(), tag: *tag })
}

fn sum(key: Key, rest: &[u8]) -> [u8; SUM_BYTES] {
    Sha256::new().chain_update(key.0).chain_update(rest).finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Answer {
        Answer::json(&json!({"product": "Demo", "numbers": vec![7; 1_000]})).unwrap()
    }

    #[test]
    fn a_value_opens_under_its_own_key_alone() {
        let sealed = seal(Key([1; 32]), &answer()).unwrap();
        assert!(sealed.len() < answer().body.len() / 5, "{}", sealed.len());
        assert_eq!(open(Key([1; 32]), &sealed), Some(answer()));
        assert_eq!(open(Key([2; 32]), &sealed), None);
    }

    #[test]
    fn a_value_with_any_bit_changed_or_any_part_missing_is_none() {
        let sealed = seal(Key([1; 32]), &answer()).unwrap();
        for place in 0..sealed.len() {
            let mut broken = sealed.to_vec();
            broken[place] ^= 1 << (place % 8);
            assert_eq!(open(Key([1; 32]), &broken), None, "bit of byte {place}");
            assert_eq!(open(Key([1; 32]), &sealed[..place]), None, "cut at {place}");
        }
        let longer = [&sealed[..], b"x"].concat();
        assert_eq!(open(Key([1; 32]), &longer), None);
    }
}
