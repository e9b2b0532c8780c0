//! A schedule: the points of time, in UTC, at which a job is due.

use std::str::FromStr;

use auxilio_common::Timestamp;
use chrono::{DateTime, Utc};

/// Fields of a schedule without seconds, as in a crontab.
const FIELDS_OF_CRONTAB: usize = 5;

/// A schedule of five fields, minute to weekday, or of more, as the crate `cron` has them: seconds first
/// and a year at the end. Where day and weekday are both said, both must be so.
///
/// Weekdays are names: in a crontab 1 is a Monday, for the crate it is a Sunday.
#[derive(Clone, Debug)]
pub(crate) struct Schedule(cron::Schedule);

impl Schedule {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fields = text.split_whitespace().count();
        let full = if fields == FIELDS_OF_CRONTAB { format!("0 {text}") } else { text.to_owned() };
        let weekday = full.split_whitespace().nth(FIELDS_OF_CRONTAB);
        if weekday.is_some_and(|weekday| weekday.contains(|it: char| it.is_ascii_digit())) {
            return Err("weekdays are names: Mon, or Mon-Fri, or Sat,Sun".into());
        }
        let schedule = cron::Schedule::from_str(&full).map_err(|error| in_one_line(&error))?;
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

    /// Where a job begins that has never run: its last slot is due at once, and none before that one.
    pub(crate) fn beginning(&self, now: Timestamp) -> Timestamp {
        let Some(next) = self.next(now) else { return now };
        let Some(following) = self.next(next) else { return now };
        now.minus(following.since(next))
    }
}

/// The crate shows the place in lines of their own; what is wrong stands in the last one.
fn in_one_line(error: &cron::error::Error) -> String {
    error.to_string().lines().last().unwrap_or("it is no schedule").to_owned()
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
        for text in ["", "daily at noon", "61 * * * *", "* * * *", "0 0 30 2 *", "0 0 * * Mo"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn weekdays_are_names_because_numbers_are_read_in_two_ways() {
        let mondays = Schedule::parse("0 5 * * Mon").unwrap();
        let monday = at("2012-06-18T05:00:00Z");
        assert_eq!(mondays.next(at("2012-06-15T12:00:00Z")), Some(monday));
        let with_seconds = Schedule::parse("30 0 5 * * Sat,Sun 2012").unwrap();
        assert_eq!(with_seconds.next(monday), Some(at("2012-06-23T05:00:30Z")));
        assert_eq!(with_seconds.next(at("2012-12-31T00:00:00Z")), None);
        for text in ["0 5 * * 1", "0 5 * * Mon,3", "0 0 5 * * 1-5", "0 5 * * */2"] {
            assert_eq!(
                Schedule::parse(text).unwrap_err(),
                "weekdays are names: Mon, or Mon-Fri, or Sat,Sun",
                "{text}"
            );
        }
    }

    #[test]
    fn day_and_weekday_hold_together() {
        let schedule = Schedule::parse("0 0 13 * Fri").unwrap();
        assert_eq!(schedule.next(at("2012-05-01T00:00:00Z")), Some(at("2012-07-13T00:00:00Z")));
    }
}
