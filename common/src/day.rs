//! A calendar day in UTC: the shard and partition key of everything about a crash.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::{Date, Month};

/// A day in UTC, from the years 2000 to 2099: what two digits of a crash id can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// Why a text or a date is no [`Day`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{text}\" is not a day of the years 2000 to 2099 as YYYYMMDD or YYYY-MM-DD")]
pub struct ParseDayError {
    text: String,
}

impl Day {
    /// The day of a civil date, if such a day exists.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(2000..=2099).contains(&year) {
            return None;
        }
        let month = Month::try_from(month).ok()?;
        Date::from_calendar_date(year, month, day).ok().map(Self)
    }

    /// The day as a date of the `time` crate, for the database's edge.
    pub fn date(self) -> Date {
        self.0
    }

    /// A date as a day; `None` outside the years 2000 to 2099.
    pub fn from_date(date: Date) -> Option<Self> {
        Self::from_ymd(date.year(), u8::from(date.month()), date.day())
    }

    /// Year, month (1 to 12) and day of the month.
    pub fn ymd(self) -> (i32, u8, u8) {
        (self.0.year(), u8::from(self.0.month()), self.0.day())
    }

    /// The day before, or `None` at the first.
    pub fn previous(self) -> Option<Self> {
        self.0.previous_day().and_then(Self::from_date)
    }

    /// The day after, or `None` at the last.
    pub fn next(self) -> Option<Self> {
        self.0.next_day().and_then(Self::from_date)
    }

    /// `YYYYMMDD`, as folders and partitions are named.
    pub fn compact(self) -> String {
        let (year, month, day) = self.ymd();
        format!("{year:04}{month:02}{day:02}")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, ParseDayError> {
        let error = || ParseDayError { text: text.to_owned() };
        let digits: String = match text.len() {
            8 => text.to_owned(),
            10 if text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-' => text.replace('-', ""),
            _ => return Err(error()),
        };
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error());
        }
        let number: u32 = digits.parse().map_err(|_| error())?;
        // Two digits each: both fit a byte.
        let (month, day) = ((number / 100 % 100) as u8, (number % 100) as u8);
        i32::try_from(number / 10_000)
            .ok()
            .and_then(|year| Self::from_ymd(year, month, day))
            .ok_or_else(error)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_day() {
        let day: Day = "20121224".parse().unwrap();
        assert_eq!("2012-12-24".parse(), Ok(day));
        assert_eq!(day.compact(), "20121224");
        assert_eq!(day.to_string(), "2012-12-24");
        assert_eq!(day.next().unwrap().previous(), Some(day));
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for text in [
            "",
            "20120230",
            "2012-13-01",
            "19991231",
            "21000101",
            "2012x1224",
            "+2012122",
            "2012-1-024",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
