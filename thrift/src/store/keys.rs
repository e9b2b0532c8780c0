//! The keys of rows, made and read.

use auxilio_common::{CrashId, Day, Timestamp};
use sha2::{Digest, Sha256};

use super::fault::Fault;

/// Characters of the zone at a time's end, which keys leave out.
const ZONE: &str = "+00:00";

/// The longest text that stands in an index itself: real hang ids have 36 characters.
const SHORT_BYTES_MAX: usize = 200;

/// The salts, in their order.
pub(super) const SALTS: [u8; 16] = *b"0123456789abcdef";

/// A crash's row.
pub(super) fn crash(crash_id: CrashId) -> Vec<u8> {
    [&of_day(crash_id.salt(), crash_id.day()), crash_id.to_string().as_bytes()].concat()
}

/// What the rows of a day and a salt (0 to 15) begin with.
pub(super) fn of_day(salt: u8, day: Day) -> Vec<u8> {
    [&[digit(salt)], &day.compact().as_bytes()[2..]].concat()
}

/// The crash of a row.
pub(super) fn crash_of(key: &[u8]) -> Option<CrashId> {
    let crash_id = id(key.get(7..)?)?;
    (crash(crash_id) == key).then_some(crash_id)
}

/// A row of an index by time.
pub(super) fn timed(at: Timestamp, crash_id: CrashId) -> Result<Vec<u8>, Fault> {
    let id = crash_id.to_string();
    Ok([&of_time(digit(crash_id.salt()), at)?, id.as_bytes()].concat())
}

/// What the rows of a moment and a salt (its character) begin with.
pub(super) fn of_time(salt: u8, at: Timestamp) -> Result<Vec<u8>, Fault> {
    let text = at.to_string();
    let time = text
        .strip_suffix(ZONE)
        .filter(|time| time.len() == "YYYY-MM-DDTHH:MM:SS.ffffff".len())
        .filter(|time| !time.starts_with('-'));
    let time = time.ok_or(Fault::Time(at))?;
    Ok([&[salt], time.as_bytes()].concat())
}

/// The moment and the crash of a row of an index by time. Socorro left out a fraction of zero.
pub(super) fn timed_of(key: &[u8]) -> Option<(Timestamp, CrashId)> {
    let (head, tail) = key.split_at_checked(key.len().checked_sub(CrashId::TEXT_LEN)?)?;
    let time = std::str::from_utf8(head.get(1..)?).ok()?;
    Some((format!("{time}{ZONE}").parse().ok()?, id(tail)?))
}

/// A client's text as a key or cell of an index: itself, or its checksum if it is long.
pub(super) fn short(text: &str) -> Vec<u8> {
    if text.len() <= SHORT_BYTES_MAX {
        text.into()
    } else {
        format!("sha256:{}", hex(&Sha256::digest(text))).into_bytes()
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|value| char::from(digit(value))).collect()
}

/// A crash id as it stands in a key or cell.
pub(super) fn id(bytes: &[u8]) -> Option<CrashId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn digit(value: u8) -> u8 {
    SALTS.get(usize::from(value)).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_socorros_and_read_back() {
        let crash_id: CrashId = "2bba929f-8721-460c-8e70-a43c00071026".parse().unwrap();
        let key = crash(crash_id);
        assert_eq!(key, b"20710262bba929f-8721-460c-8e70-a43c00071026");
        assert_eq!(crash_of(&key), Some(crash_id));
        assert_eq!(crash_of(&key[1..]), None);
        assert_eq!(crash_of(b"3071026bba929f-8721-460c-8e70-a43c00071026"), None);
        let at: Timestamp = "2007-10-26T10:00:00.000009Z".parse().unwrap();
        let key = timed(at, crash_id).unwrap();
        assert_eq!(key, b"22007-10-26T10:00:00.0000092bba929f-8721-460c-8e70-a43c00071026");
        assert_eq!(timed_of(&key), Some((at, crash_id)));
        let old = b"22007-10-26T10:00:002bba929f-8721-460c-8e70-a43c00071026";
        assert_eq!(timed_of(old).unwrap().0, "2007-10-26T10:00:00Z".parse().unwrap());
        assert_eq!(timed_of(b"short"), None);
    }

    #[test]
    fn times_without_four_digits_of_a_year_have_no_key() {
        let id: CrashId = "2bba929f-8721-460c-8e70-a43c00071026".parse().unwrap();
        assert!(timed(Timestamp::from_micros(i64::MAX), id).is_err());
        assert!(timed(Timestamp::from_micros(-62_200_000_000_000_000), id).is_err());
    }

    #[test]
    fn a_long_text_has_a_short_key() {
        assert_eq!(short("a hang"), b"a hang");
        assert_eq!(short(&"x".repeat(40_000)).len(), 7 + 64);
        assert_ne!(short(&"x".repeat(40_000)), short(&"x".repeat(40_001)));
    }
}
