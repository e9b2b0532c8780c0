//! When it was submitted, when it crashed by the client's clock, and the times between.
//!
//! `date_processed` means the time of submission: the original system gave it that name.

use auxilio_common::{RawCrash, Timestamp};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "dates", applies: always, act };

/// Characters of a time that count: whoever sends milliseconds then means seconds.
const SECONDS_DIGITS: usize = 10;

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let submitted = date_processed(case.raw, draft);
    draft.set("date_processed", Some(submitted.to_string()));
    let told = case.raw.metadata.submitted_timestamp;
    draft.set("submitted_timestamp", Some(told.to_string()));

    let crashed = seconds(case, draft, "CrashTime").or_else(|| seconds(case, draft, "timestamp"));
    let crashed = crashed.unwrap_or_else(|| {
        draft.note("the client says no time of the crash; that of its submission stands for it");
        submitted.seconds()
    });
    let started = seconds(case, draft, "StartupTime").unwrap_or(crashed);
    let installed = seconds(case, draft, "InstallTime").unwrap_or(started);
    draft.set("crash_time", Some(crashed));
    // Ten digits of seconds: the year 2286 at most.
    let client_date = Timestamp::from_micros(crashed.saturating_mul(1_000_000));
    draft.set("client_crash_date", Some(client_date.to_string()));
    draft.set("uptime", Some((crashed - started).max(0)));
    draft.set("install_age", Some(crashed - installed));
    let last_crash = last_crash(case, draft);
    draft.set("last_crash", last_crash);
    Ok(())
}

/// The time of submission. It lies in the crash's day, by which everything is stored.
fn date_processed(raw: &RawCrash, draft: &mut Draft) -> Timestamp {
    let (submitted, day) = (raw.metadata.submitted_timestamp, raw.crash_id.day());
    if submitted.day() == Some(day) {
        return submitted;
    }
    draft.note("the time of submission lies outside the crash's day; its time of day was kept");
    let into_day = u64::try_from(submitted.micros_of_day()).unwrap_or(0);
    Timestamp::midnight(day).plus(std::time::Duration::from_micros(into_day))
}

/// A time in seconds since the epoch.
fn seconds(case: &Case<'_>, draft: &mut Draft, annotation: &str) -> Option<i64> {
    let text = case.annotation(annotation)?.trim_start();
    let digits: String = text.chars().take(SECONDS_DIGITS).collect();
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.parse().ok().filter(|_| whole);
    if seconds.is_none() {
        draft.note(format!("{annotation} is no time in seconds"));
    }
    seconds
}

fn last_crash(case: &Case<'_>, draft: &mut Draft) -> Option<i64> {
    let text = case.annotation("SecondsSinceLastCrash")?;
    let since = text.trim_start().parse().ok();
    if since.is_none() {
        draft.note("SecondsSinceLastCrash is no whole number");
    }
    since
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn times_are_told_by_the_clients_clock() {
        let made = processed(&raw(&[
            ("CrashTime", "1609962905"),
            ("StartupTime", "1609962885"),
            ("InstallTime", "1609962805"),
            ("SecondsSinceLastCrash", "17047730"),
        ]));
        let crash = made.crash;
        assert_eq!(crash.text("date_processed"), Some("2021-01-06T20:00:00.000000+00:00"));
        assert_eq!(crash.text("client_crash_date"), Some("2021-01-06T19:55:05.000000+00:00"));
        for (field, expected) in [
            ("crash_time", 1_609_962_905),
            ("uptime", 20),
            ("install_age", 100),
            ("last_crash", 17_047_730),
        ] {
            assert_eq!(crash.integer(field), Some(expected), "{field}");
        }
    }

    #[test]
    fn odd_times_fall_back_and_are_noted() {
        for (given, crash_time, uptime) in [
            // Milliseconds, a start after the crash, no number, nothing.
            (vec![("CrashTime", "1609962905123"), ("StartupTime", "1609962999")], 1_609_962_905, 0),
            (vec![("CrashTime", "-5"), ("timestamp", "7")], 7, 0),
            (vec![("CrashTime", "9999999999")], 9_999_999_999, 0),
            (vec![("CrashTime", "soon")], 1_609_963_200, 0),
            (vec![], 1_609_963_200, 0),
        ] {
            let made = processed(&raw(&given));
            assert_eq!(made.crash.integer("crash_time"), Some(crash_time), "{given:?}");
            assert_eq!(made.crash.integer("uptime"), Some(uptime));
            assert!(made.crash.get("last_crash").is_none());
        }
    }

    #[test]
    fn the_time_of_submission_lies_in_the_crashs_day() {
        let mut crash = raw(&[]);
        crash.metadata.submitted_timestamp = "2020-05-05T20:00:01.5Z".parse().unwrap();
        let made = processed(&crash);
        assert_eq!(made.crash.text("date_processed"), Some("2021-01-06T20:00:01.500000+00:00"));
        let told = made.crash.text("submitted_timestamp");
        assert_eq!(told, Some("2020-05-05T20:00:01.500000+00:00"));
    }
}
