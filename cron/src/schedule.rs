//! A schedule: the points of time, in UTC, at which a job is due.

use std::str::FromStr;

use auxilio_common::Timestamp;
use chrono::{DateTime, Utc};

/// A schedule in the grammar of the crate `cron`, or in that of crontab, whose seconds are 0.
#[derive(Clone, Debug)]
pub(crate) struct Schedule(cron::Schedule);

impl Schedule {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fields = text.split_whitespace().count();
        let full = if fields == 5 { format!("0 {text}") } else { text.to_owned() };
        let schedule = cron::Schedule::from_str(&full).map_err(|error| error.to_string())?;
        let schedule = Self(schedule);
        match schedule.next(Timestamp::from_micros(0)) {
            Some(_) => Ok(schedule),
            None => Err("it is never due".into()),
        }
    }

    /// The first slot after a moment; `None` if there is none any more.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = DateTime::<Utc>::from_timestamp_micros(after.micros())?;
        self.0.after(&after).next().map(|at| Timestamp::from_micros(at.timestamp_micros()))
    }

    /// Where a job begins that has never run: one slot is due at once.
    pub(crate) fn beginning(&self, now: Timestamp) -> Timestamp {
        let Some(next) = self.next(now) else { return now };
        let Some(following) = self.next(next) else { return now };
        now.minus(following.since(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn slots_follow_each_other_and_a_new_job_has_one_at_once() {
        let daily = Schedule::parse("5 2 * * *").unwrap();
        let now = at("2012-06-15T12:00:00Z");
        assert_eq!(daily.next(now), Some(at("2012-06-16T02:05:00Z")));
        assert_eq!(daily.next(at("2012-06-15T02:05:00Z")), Some(at("2012-06-16T02:05:00Z")));
        assert_eq!(daily.next(daily.beginning(now)), Some(at("2012-06-15T02:05:00Z")));
        let quarter = Schedule::parse("*/15 * * * *").unwrap();
        assert_eq!(quarter.next(quarter.beginning(now)), Some(now));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "daily at noon", "61 * * * *", "* * * *", "0 0 30 2 *"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
