//! The table of jobs: when each is due, what it waits for, and how long it may take.

use std::time::Duration;

use auxilio_common::{Day, Timestamp};

use crate::config::{Config, ConfigError};
use crate::schedule::Schedule;

/// What a slot is about, and with it what "as far as" means between jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// The day before the slot's.
    Day,
    /// The hour before the slot's.
    Hour,
    /// The moment itself.
    Moment,
}

impl Span {
    /// Up to when data is dealt with once a slot is done.
    pub(crate) fn reaches(self, slot: Timestamp) -> Timestamp {
        match self {
            Self::Day => slot.day().map_or(slot, Timestamp::midnight),
            Self::Hour => slot
                .minus(Duration::from_micros(slot.micros().rem_euclid(HOUR_MICROS).unsigned_abs())),
            Self::Moment => slot,
        }
    }
}

const HOUR_MICROS: i64 = 3_600_000_000;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A stored procedure for a day.
    Summary(&'static str),
    /// A stored procedure over windows of time.
    Window(&'static str),
    Versions,
    DirtyDays,
    ServerStatus,
    Partitions,
    Extracts,
    Builds,
    Adu,
    Missing,
    Expiry,
}

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// `None` if it is switched off: it runs by hand only, and nobody waits for it.
    pub(crate) schedule: Option<Schedule>,
    /// The schedule as it was written.
    pub(crate) written: String,
    pub(crate) span: Span,
    pub(crate) depends_on: Vec<&'static str>,
    pub(crate) timeout: Duration,
    pub(crate) work: Work,
}

impl Job {
    /// The day that a slot is about.
    pub(crate) fn day(&self, slot: Timestamp) -> Option<Day> {
        let day = slot.day()?;
        if self.span == Span::Day { day.previous() } else { Some(day) }
    }

    /// The first slot that is about a day, for a run by hand.
    pub(crate) fn slot_of(&self, day: Day) -> Option<Timestamp> {
        match self.span {
            Span::Day => day.next().map(Timestamp::midnight),
            Span::Hour | Span::Moment => Some(Timestamp::midnight(day)),
        }
    }
}

struct Line(&'static str, &'static str, Span, &'static [&'static str], u64, Work, &'static str);

const DAILY: &str = "0 2 * * *";

/// What reads the clean reports of a day.
const CLEAN: &[&str] = &["reports_clean", "product_versions"];

/// Name, schedule, span, what it waits for, seconds, work, what it is for. A job stands after those
/// that it waits for: the order is that of `cron run nightly`.
#[rustfmt::skip]
const LINES: [Line; 25] = [
    Line("partitions", "5 21 * * *", Span::Moment, &[], 120, Work::Partitions, "makes the weeks of reports and days of outcomes that come next"),
    Line("server_status", "*/5 * * * *", Span::Moment, &[], 60, Work::ServerStatus, "writes down how the queue stands"),
    Line("builds", "5 * * * *", Span::Moment, &[], 600, Work::Builds, "reads builds in from a folder"),
    Line("raw_adu", "5 * * * *", Span::Moment, &[], 600, Work::Adu, "reads active daily users in from a folder"),
    Line("product_versions", DAILY, Span::Day, &[], 600, Work::Versions, "makes versions of builds"),
    Line("duplicates", "2 * * * *", Span::Hour, &[], 900, Work::Window("update_reports_duplicates"), "finds crashes that were sent twice"),
    Line("reports_clean", "12 * * * *", Span::Hour, &["duplicates"], 900, Work::Window("update_reports_clean"), "makes clean reports"),
    Line("dirty_days", "*/10 * * * *", Span::Moment, &[], 1_800, Work::DirtyDays, "counts anew what late and changed reports touched"),
    Line("signatures", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_signatures"), "says when each signature was first seen"),
    Line("os_versions", DAILY, Span::Day, CLEAN, 600, Work::Summary("update_os_versions"), "makes systems' versions known"),
    Line("tcbs", DAILY, Span::Day, &["product_versions", "signatures", "os_versions"], 1_800, Work::Summary("update_tcbs"), "top crashers by day"),
    Line("tcbs_build", DAILY, Span::Day, &["product_versions", "signatures", "os_versions"], 1_800, Work::Summary("update_tcbs_build"), "top crashers by the day of the build"),
    Line("adu", DAILY, Span::Day, &["product_versions"], 600, Work::Summary("update_adu"), "active daily users by version and system"),
    Line("daily_crashes", DAILY, Span::Day, &["product_versions", "signatures"], 1_800, Work::Summary("update_daily_crashes"), "crashes by type"),
    Line("hang_report", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_hang_report"), "pairs the crashes of plugin and browser that share a hang id"),
    Line("rank_compare", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_rank_compare"), "ranks of signatures"),
    Line("nightly_builds", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_nightly_builds"), "crashes by the age of the build"),
    Line("explosiveness", DAILY, Span::Day, &["tcbs", "adu"], 1_800, Work::Summary("update_explosiveness"), "signatures that crash more than they did"),
    Line("crashes_by_url", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_crashes_by_url"), "top crashers by URL"),
    Line("crashes_by_domain", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_crashes_by_domain"), "top crashers by domain"),
    Line("signature_summary", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_signature_summary"), "what a signature's crashes have in common"),
    Line("crashes_by_flash_version", DAILY, Span::Day, CLEAN, 1_800, Work::Summary("update_crashes_by_flash_version"), "crashes by version of Flash"),
    Line("extracts", "30 2 * * *", Span::Day, &["duplicates"], 3_600, Work::Extracts, "writes the daily CSV files"),
    Line("missing_processed", "0 4 * * *", Span::Day, &[], 7_200, Work::Missing, "queues crashes again that were never processed"),
    Line("expiry", "0 5 * * *", Span::Moment, &["dirty_days"], 600, Work::Expiry, "drops old weeks of reports and old notes of runs"),
];

/// What stands for a schedule of a job that is switched off.
const OFF: &str = "off";

/// All jobs, in order.
pub(crate) fn jobs(config: &Config) -> Result<Vec<Job>, ConfigError> {
    let schedules = entries("schedules", &config.schedules)?;
    let depends_on = entries("depends_on", &config.depends_on)?;
    let timeouts = entries("timeouts", &config.timeouts)?;
    let mut jobs = Vec::with_capacity(LINES.len());
    for Line(name, written, span, waits, seconds, work, about) in LINES {
        let own = schedules.iter().find(|entry| entry.job == name);
        let written = own.map_or(written, |entry| entry.value);
        let schedule =
            if written == OFF {
                None
            } else {
                let parsed = Schedule::parse(written);
                Some(parsed.map_err(|what| {
                    error("schedules", own.map_or(name, |entry| entry.whole), what)
                })?)
            };
        let depends_on = match depends_on.iter().find(|entry| entry.job == name) {
            Some(entry) => read_names(entry)?,
            None => waits.to_vec(),
        };
        let seconds = match timeouts.iter().find(|entry| entry.job == name) {
            Some(entry) => entry
                .value
                .parse()
                .ok()
                .filter(|seconds| *seconds > 0)
                .ok_or_else(|| error("timeouts", entry.whole, "it names no seconds".into()))?,
            None => seconds,
        };
        let timeout = Duration::from_secs(seconds);
        let written = written.to_owned();
        jobs.push(Job { name, about, schedule, written, span, depends_on, timeout, work });
    }
    refuse_circles(&jobs)?;
    Ok(jobs)
}

struct Entry<'a> {
    whole: &'a str,
    job: &'static str,
    value: &'a str,
}

fn entries<'a>(key: &'static str, texts: &'a [String]) -> Result<Vec<Entry<'a>>, ConfigError> {
    let read = |whole: &'a String| {
        let (job, value) = whole
            .split_once('=')
            .ok_or_else(|| error(key, whole, "it is not of the form job = value".into()))?;
        let job = known(job.trim())
            .ok_or_else(|| error(key, whole, format!("there is no job \"{}\"", job.trim())))?;
        Ok(Entry { whole, job, value: value.trim() })
    };
    texts.iter().map(read).collect()
}

fn read_names(entry: &Entry<'_>) -> Result<Vec<&'static str>, ConfigError> {
    entry
        .value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| {
            known(name).ok_or_else(|| {
                error("depends_on", entry.whole, format!("there is no job \"{name}\""))
            })
        })
        .collect()
}

fn known(name: &str) -> Option<&'static str> {
    LINES.iter().map(|line| line.0).find(|known| *known == name)
}

/// Jobs that wait for each other in a circle would wait for ever.
fn refuse_circles(jobs: &[Job]) -> Result<(), ConfigError> {
    let jobs: Vec<&Job> = jobs.iter().filter(|job| job.schedule.is_some()).collect();
    let mut settled: Vec<&str> = Vec::new();
    loop {
        let before = settled.len();
        for job in &jobs {
            let waits =
                job.depends_on.iter().filter(|name| jobs.iter().any(|it| it.name == **name));
            if !settled.contains(&job.name) && waits.clone().all(|name| settled.contains(name)) {
                settled.push(job.name);
            }
        }
        if settled.len() == jobs.len() {
            return Ok(());
        }
        if settled.len() == before {
            let stuck: Vec<&str> =
                jobs.iter().map(|job| job.name).filter(|name| !settled.contains(name)).collect();
            let what = "they wait for each other in a circle".into();
            return Err(error("depends_on", &stuck.join(","), what));
        }
    }
}

fn error(key: &'static str, entry: &str, what: String) -> ConfigError {
    ConfigError { key, entry: entry.to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_stands_after_those_that_it_waits_for() {
        let jobs = jobs(&Config::default()).unwrap();
        assert_eq!(jobs.len(), LINES.len());
        for (place, job) in jobs.iter().enumerate() {
            for name in &job.depends_on {
                assert!(jobs[..place].iter().any(|it| it.name == *name), "{}: {name}", job.name);
            }
        }
    }

    #[test]
    fn entries_change_what_they_name_and_rubbish_is_named() {
        let config = |key: &str, entry: &str| {
            let list = vec![entry.to_owned()];
            match key {
                "schedules" => Config { schedules: list, ..Config::default() },
                "depends_on" => Config { depends_on: list, ..Config::default() },
                _ => Config { timeouts: list, ..Config::default() },
            }
        };
        let tcbs = |key, entry| {
            jobs(&config(key, entry)).unwrap().into_iter().find(|job| job.name == "tcbs").unwrap()
        };
        assert_eq!(tcbs("schedules", "tcbs = 7 3 * * *").written, "7 3 * * *");
        assert_eq!(tcbs("depends_on", "tcbs = adu, signatures").depends_on, ["adu", "signatures"]);
        assert_eq!(tcbs("depends_on", "tcbs =").depends_on, [""; 0]);
        assert_eq!(tcbs("timeouts", "tcbs=9").timeout, Duration::from_secs(9));
        assert!(tcbs("schedules", "tcbs = off").schedule.is_none());
        let circle = Config {
            schedules: vec!["tcbs = off".to_owned()],
            ..config("depends_on", "signatures = tcbs")
        };
        assert_eq!(jobs(&circle).unwrap().len(), LINES.len(), "nobody waits for what is off");
        for (key, entry) in [
            ("schedules", "tcbs"),
            ("schedules", "tcb = 1 2 * * *"),
            ("schedules", "tcbs = tomorrow"),
            ("depends_on", "tcbs = nothing"),
            ("timeouts", "tcbs = 0"),
        ] {
            let said = jobs(&config(key, entry)).unwrap_err().to_string();
            assert!(said.contains(&format!("cron.{key} has the entry \"{entry}\"")), "{said}");
        }
        let said = jobs(&config("depends_on", "signatures = tcbs")).unwrap_err().to_string();
        assert!(said.contains("in a circle"), "{said}");
    }

    #[test]
    fn a_slot_is_about_what_lies_before_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let slot = at("2012-06-15T02:05:00Z");
        assert_eq!(Span::Day.reaches(slot), at("2012-06-15T00:00:00Z"));
        assert_eq!(Span::Hour.reaches(slot), at("2012-06-15T02:00:00Z"));
        assert_eq!(Span::Moment.reaches(slot), slot);
    }
}
