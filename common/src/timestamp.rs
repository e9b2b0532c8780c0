//! A moment in UTC, cut to whole microseconds: what Postgres and the wire can both hold.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::Day;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is no [`Timestamp`].
#[derive(Debug, thiserror::Error)]
#[error("\"{text}\" is not a time as 2012-12-24T18:00:00.123456+00:00")]
pub struct ParseTimestampError {
    text: String,
    source: time::error::Parse,
}

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, cut: what a cell of HBase and a [`crate::Generation`] count in.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Seconds since the epoch, cut.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time of the `time` crate; `None` outside the years it knows.
    pub fn date_time(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).ok()
    }

    /// A time of the `time` crate, cut to microseconds and never rounded.
    pub fn from_date_time(at: OffsetDateTime) -> Self {
        let micros = at.unix_timestamp_nanos().div_euclid(1_000);
        // The time crate's years (±9999) stay far inside an i64 of microseconds.
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// The day in UTC; `None` outside the years 2000 to 2099.
    pub fn day(self) -> Option<Day> {
        self.date_time().and_then(|at| Day::from_date(at.date()))
    }

    /// The time of day, in microseconds since midnight UTC.
    pub const fn micros_of_day(self) -> i64 {
        self.0.rem_euclid(86_400_000_000)
    }

    /// The first moment of a day.
    pub fn midnight(day: Day) -> Self {
        Self::from_date_time(day.date().midnight().assume_utc())
    }

    /// Later by a duration, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Earlier by a duration, saturating.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0))
            .map_or(Duration::ZERO, Duration::from_micros)
    }
}

impl fmt::Display for Timestamp {
    /// `2012-12-24T18:00:00.123456+00:00`, the form of `submitted_timestamp` on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.date_time() else { return write!(f, "{}us", self.0) };
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.microsecond()
        )
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|at| Self::from_date_time(at.to_offset(UtcOffset::UTC)))
            .map_err(|source| ParseTimestampError { text: text.to_owned(), source })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back_is_the_same_moment() {
        let at: Timestamp = "2012-12-24T18:00:00.123456+00:00".parse().unwrap();
        assert_eq!(at.to_string(), "2012-12-24T18:00:00.123456+00:00");
        assert_eq!(at.day().unwrap().compact(), "20121224");
        assert_eq!("2012-12-24T19:00:00.123456+01:00".parse::<Timestamp>().unwrap(), at);
    }

    #[test]
    fn nanoseconds_are_cut_and_never_rounded_into_the_next_day() {
        let at: Timestamp = "2012-12-24T23:59:59.999999999Z".parse().unwrap();
        assert_eq!(at.to_string(), "2012-12-24T23:59:59.999999+00:00");
    }
}
