//! The identity of a crash: a UUID4 whose last seven characters are a digit and the day.
//!
//! The text form is `xxxxxxxx-xxxx-4xxx-xxxx-xxxxxTYYMMDD`, with T the verdict's digit and YYMMDD
//! the day in UTC. That day, and nothing else, is the shard and partition key of a crash. The old
//! words "ooid" and "uuid" live on the wire and in columns only.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Day;

/// A parsed crash id. Its order is that of its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashId {
    /// The 32 hexadecimal digits of the text, first digit highest.
    digits: u128,
}

/// Why a text is no crash id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseCrashIdError {
    /// Not 36 characters of hexadecimal digits and dashes in the places of a UUID.
    #[error(
        "a crash id has 36 characters: 8, 4, 4, 4 and 12 hexadecimal digits, with dashes between"
    )]
    Shape,
    /// The last seven characters are not decimal digits.
    #[error("a crash id ends in seven decimal digits: the verdict and the day as YYMMDD")]
    Tail,
    /// The last six digits name no day of the calendar.
    #[error("the last six digits of a crash id must be a day as YYMMDD")]
    Day,
}

/// Where the dashes stand in the text form.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl CrashId {
    /// Characters of the text form.
    pub const TEXT_LEN: usize = 36;

    /// Makes an id from 16 random bytes, the verdict's digit (0 to 9) and the day.
    pub fn issue(random: [u8; 16], digit: u8, day: Day) -> Self {
        let mut digits = u128::from_be_bytes(random);
        // Version 4 and the RFC's variant, as every reader of UUIDs expects.
        digits = digits & !(0xf << 76) | (0x4 << 76);
        digits = digits & !(0x3 << 62) | (0x2 << 62);
        let (year, month, day) = day.ymd();
        let mut tail = u128::from(digit % 10);
        for pair in [year.unsigned_abs() % 100, u32::from(month), u32::from(day)] {
            tail = tail << 8 | u128::from(((pair / 10) << 4) | (pair % 10));
        }
        Self { digits: digits & !0xfff_ffff | tail }
    }

    /// Reads an id with or without `bp-` before it, in either case of letters.
    pub fn parse(text: &str) -> Result<Self, ParseCrashIdError> {
        let text = text.strip_prefix("bp-").unwrap_or(text);
        if text.len() != Self::TEXT_LEN {
            return Err(ParseCrashIdError::Shape);
        }
        let mut digits = 0_u128;
        for (place, character) in text.bytes().enumerate() {
            if DASHES.contains(&place) {
                if character != b'-' {
                    return Err(ParseCrashIdError::Shape);
                }
                continue;
            }
            let digit = char::from(character).to_digit(16).ok_or(ParseCrashIdError::Shape)?;
            digits = digits << 4 | u128::from(digit);
        }
        let id = Self { digits };
        if (0..7).any(|place| id.nibble(place) > 9) {
            return Err(ParseCrashIdError::Tail);
        }
        id.day_in_digits().map(|_| id).ok_or(ParseCrashIdError::Day)
    }

    /// The day inside the id: the crash's day.
    pub fn day(self) -> Day {
        // Both constructors make sure that the digits name a day, so the default is never taken.
        self.day_in_digits().unwrap_or_else(|| unreachable!("a crash id always holds a day"))
    }

    /// The verdict's digit. It decides nothing about a crash that the store has.
    pub fn digit(self) -> u8 {
        self.nibble(6)
    }

    /// The first character of the text (0 to 15): the salt of the row key.
    pub fn salt(self) -> u8 {
        // The shift leaves four bits.
        (self.digits >> 124) as u8
    }

    fn day_in_digits(self) -> Option<Day> {
        let pair = |place| self.nibble(place + 1) * 10 + self.nibble(place);
        Day::from_ymd(2000 + i32::from(pair(4)), pair(2), pair(0))
    }

    /// The hexadecimal digit at a place counted from the end of the text.
    fn nibble(self, place: u32) -> u8 {
        // The mask leaves four bits.
        (self.digits >> (4 * place) & 0xf) as u8
    }
}

impl fmt::Display for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.digits);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CrashId {
    type Err = ParseCrashIdError;

    fn from_str(text: &str) -> Result<Self, ParseCrashIdError> {
        Self::parse(text)
    }
}

impl Serialize for CrashId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CrashId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_id_says_its_digit_and_day_and_reads_back() {
        let day: Day = "20261124".parse().unwrap();
        for byte in [0, 0x5a, 0xff] {
            let id = CrashId::issue([byte; 16], 1, day);
            assert_eq!(id.day(), day);
            assert_eq!(id.digit(), 1);
            assert_eq!(CrashId::parse(&id.to_string()), Ok(id));
            assert_eq!(CrashId::parse(&format!("bp-{id}")), Ok(id));
            assert_eq!(&id.to_string()[14..15], "4");
            assert!(id.to_string().ends_with("1261124"));
        }
    }

    #[test]
    fn order_is_the_order_of_the_text() {
        let low = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00120824").unwrap();
        let high = CrashId::parse("fb794045-87ec-4649-9ce1-73ec10120824").unwrap();
        assert!(low < high && low.to_string() < high.to_string());
        assert_eq!(high.salt(), 0xf);
    }

    #[test]
    fn every_broken_form_is_named() {
        use ParseCrashIdError as E;
        for (text, error) in [
            ("", E::Shape),
            ("0b794045-87ec-4649-9ce1-73ec0012082", E::Shape),
            ("0b794045+87ec-4649-9ce1-73ec00120824", E::Shape),
            ("0b794045-87ec-4649-9ce1-73ec0012082g", E::Shape),
            ("bp-bp-0b794045-87ec-4649-9ce1-73ec00120824", E::Shape),
            ("0b794045-87ec-4649-9ce1-73ec0a120824", E::Tail),
            ("0b794045-87ec-4649-9ce1-73ecf0120824", E::Day),
            ("0b794045-87ec-4649-9ce1-73ec00120230", E::Day),
        ] {
            let expected = if text.contains("73ecf") { Ok(()) } else { Err(error) };
            assert_eq!(CrashId::parse(text).map(|_| ()), expected, "{text}");
        }
        assert!(CrashId::parse("é".repeat(18).as_str()).is_err());
    }
}
