//! Millions of reports: how fast rows are written, how long a day's chain of counting takes and how
//! it grows with the day, and how fast what was counted is read: printed beside what is promised, for a
//! machine may be busy. For `bin/test --long`.
//!
//! `AUXILIO_SCALE_REPORTS` says how many reports the two weeks get, by default 140,000; the promise is
//! of five million. `AUXILIO_RELEASE_BINARY` names a release build; a debug build writes slowly. The
//! Postgres has no durability: what is measured is counting, not the disk.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use auxilio_service::environment::Environment;
use auxilio_testkit::postgres::{Database, Server, USER};
use auxilio_testkit::summaries::SUMMARIES;
use auxilio_tests::{binary, figures};
use postgres::Client;
use serde_json::Value;

/// Reports of the two weeks where nobody says another number.
const REPORTS: u64 = 140_000;

/// Days that they are spread over: two whole weeks from this Monday on.
const DAYS: u64 = 14;
const FIRST_DAY: &str = "2026-09-14";

/// Bytes of disk that a report may cost, with all that is counted of it: 2,300 were measured.
const REPORT_BYTES: u64 = 4_000;

/// What is read for a page: a version's top crashers of so many days, and how a signature is spread.
const TOP_CRASHERS: &str = "
    SELECT signature, top.* FROM top_crashers($1, $2::text::date - $3::integer, $2::text::date, 100) AS top
    JOIN signatures USING (signature_id) ORDER BY report_count DESC, signature_id";
const SIGNATURE_SUMMARY: [(&str, &str); 6] = [
    ("os", "os_version_string"),
    ("uptime", "uptime_string"),
    ("products", "product_version_id"),
    ("architecture", "architecture"),
    ("process_type", "process_type"),
    ("flash_version", "flash_version"),
];

struct System {
    _database: Database,
    folder: tempfile::TempDir,
    client: Client,
}

impl System {
    fn start() -> Result<Self> {
        let server = Arc::new(Server::start_new()?);
        let database = server.empty_database()?;
        let folder = tempfile::tempdir()?;
        let (port, name) = (server.port(), database.name.clone());
        let settings =
            format!("[database]\nport = {port}\nuser = \"{USER}\"\ndatabase = \"{name}\"\n");
        std::fs::write(folder.path().join("auxilio.toml"), settings)?;
        let client = server.client(&name)?;
        let system = Self { _database: database, folder, client };
        system.run(&["db", "migrate"])?;
        Ok(system)
    }

    /// What a verb answers as JSON.
    fn run(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let binary = binary::release()?.map_or_else(binary::auxilio, Ok)?;
        let mut command: Command = binary::command_of(&binary);
        command.arg("--config").arg(self.folder.path().join("auxilio.toml")).arg("--json");
        let output = command.args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {said}");
        let lines = String::from_utf8(output.stdout)?;
        Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// Writes a day's rows and says how many a second.
    fn load(&self, day: &str, count: u64) -> Result<f64> {
        let count = count.to_string();
        let said = self.run(&["sample", "--fast", "--count", &count, "--date", day])?;
        let rows = said[0]["rows"].as_f64().context("no number of rows")?;
        assert_eq!(said[0]["rows"].to_string(), count);
        Ok(rows / said[0]["seconds"].as_f64().context("no time")?)
    }

    /// One day's chain, as it runs every night: how long it took, and the dearest steps.
    fn chain(&mut self, day: &str) -> Result<(Duration, String)> {
        let mut steps: Vec<(Duration, String)> = Vec::new();
        for name in ["reports_duplicates", "reports_clean"] {
            let sql = format!(
                "SELECT update_{name}(hour, hour + interval '1 hour')
                 FROM generate_series('{day} 00:00+00'::timestamptz, '{day} 23:00+00', '1 hour') AS hour"
            );
            steps.push((self.timed(&sql)?, name.to_owned()));
        }
        for name in SUMMARIES {
            let sql = format!("SELECT update_{name}('{day}')");
            steps.push((self.timed(&sql)?, name.to_owned()));
        }
        let all = steps.iter().map(|(took, _)| *took).sum();
        steps.sort_by(|one, other| other.cmp(one));
        let dearest = steps.iter().take(4).map(|(took, name)| format!("{name} {}", seconds(*took)));
        Ok((all, dearest.collect::<Vec<_>>().join(", ")))
    }

    fn timed(&mut self, sql: &str) -> Result<Duration> {
        let began = Instant::now();
        self.client.batch_execute(sql)?;
        Ok(began.elapsed())
    }

    fn number(&mut self, sql: &str) -> Result<i64> {
        Ok(self.client.query_one(sql, &[])?.get(0))
    }

    /// Everything that was counted of a day is all of its reports.
    fn check(&mut self, day: &str, count: u64) -> Result<()> {
        let of_day = format!("WHERE report_date = '{day}'");
        let users =
            format!("SELECT sum(adu_count)::bigint FROM product_adu WHERE adu_date = '{day}'");
        assert!(self.number(&users)? > i64::try_from(100 * count)?);
        let bad = format!("SELECT count(*) FROM reports_bad WHERE crash_day = '{day}'");
        assert_eq!(self.number(&bad)?, 0, "every build is known");
        for table in ["tcbs", "tcbs_build", "signature_summary_os", "crashes_by_flash_version"] {
            let sum = format!("SELECT sum(report_count)::bigint FROM {table} {of_day}");
            assert_eq!(self.number(&sum)?, i64::try_from(count)?, "{table} of {day}");
        }
        for table in ["daily_hangs", "nightly_builds", "crashes_by_url", "rank_compare"] {
            assert!(self.number(&format!("SELECT count(*) FROM {table} {of_day}"))? > 0, "{table}");
        }
        Ok(())
    }

    /// The middle one of five reads, after one that warms the caches.
    fn read(&mut self, read: impl Fn(&mut Client) -> Result<usize>) -> Result<Duration> {
        ensure!(read(&mut self.client)? > 0, "nothing was read");
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            read(&mut self.client)?;
            times.push(began.elapsed());
        }
        times.sort();
        Ok(times[2])
    }
}

#[test]
fn two_weeks_of_reports_are_counted_in_minutes_and_read_at_once() {
    let reports = Environment::of_process().get("AUXILIO_SCALE_REPORTS").map(str::to_owned);
    let reports: u64 = reports.map_or(REPORTS, |text| text.parse().unwrap());
    let mut system = System::start().unwrap();
    let free = rustix::fs::statvfs(system.folder.path()).unwrap();
    let free = free.f_bavail * free.f_frsize;
    assert!(free > reports * REPORT_BYTES, "{free} bytes of disk are too few for this");
    grow(&mut system, reports / DAYS).unwrap();
    let last_day = fill(&mut system, reports / DAYS).unwrap();
    read(&mut system, &last_day).unwrap();
}

/// Days of a quarter, a half and the whole of a usual day, a week apart: the chain of each.
fn grow(system: &mut System, usual: u64) -> Result<()> {
    for (day, share) in [("2026-08-03", 4), ("2026-08-10", 2), ("2026-08-17", 1)] {
        let count = usual / share;
        let speed = system.load(day, count)?;
        let (took, dearest) = system.chain(day)?;
        system.check(day, count)?;
        let took = seconds(took);
        figures::print(&format!(
            "scale: {count} reports of one day written at {speed:.0}/s, counted in {took} ({dearest})"
        ))?;
    }
    Ok(())
}

/// The two weeks, and the chain of each of their days. Returns the last day.
fn fill(system: &mut System, usual: u64) -> Result<String> {
    let sql = format!(
        "SELECT day::date::text FROM generate_series('{FIRST_DAY}'::date, '{FIRST_DAY}'::date + {}, '1 day') AS day",
        DAYS - 1
    );
    let days: Vec<String> = system.client.query(&sql, &[])?.iter().map(|row| row.get(0)).collect();
    let mut slowest = f64::MAX;
    for day in &days {
        slowest = slowest.min(system.load(day, usual)?);
    }
    let mut last = (Duration::ZERO, String::new());
    for day in &days {
        last = system.chain(day)?;
    }
    let last_day = days.last().context("no day")?;
    system.check(last_day, usual)?;
    let bytes = system.number("SELECT pg_database_size(current_database())")?;
    let rows = system.number("SELECT count(*) FROM reports")?;
    let (took, dearest) = last;
    figures::print(&format!(
        "scale: {DAYS} days of {usual} reports, the slowest written at {slowest:.0}/s; the last one's chain {} (promised: 600 s; {dearest}); {} bytes a report",
        seconds(took),
        bytes / rows
    ))?;
    Ok(last_day.clone())
}

/// Pages of the two weeks that end with a day.
fn read(system: &mut System, day: &str) -> Result<()> {
    let largest =
        "SELECT product_version_id FROM tcbs GROUP BY 1 ORDER BY sum(report_count) DESC LIMIT 1";
    let version: i32 = system.client.query_one(largest, &[])?.get(0);
    let largest =
        "SELECT signature_id FROM tcbs GROUP BY 1 ORDER BY sum(report_count) DESC LIMIT 1";
    let signature: i32 = system.client.query_one(largest, &[])?.get(0);
    let mut top = |days: i32| {
        system.read(|client| Ok(client.query(TOP_CRASHERS, &[&version, &day, &(days - 1)])?.len()))
    };
    // A page shows a week unless somebody asks for more.
    let (week, weeks) = (top(7)?, top(14)?);
    let summary = system.read(|client| {
        let mut rows = 0;
        for (name, column) in SIGNATURE_SUMMARY {
            let sql = format!(
                "SELECT {column}::text, sum(report_count) FROM signature_summary_{name}
                 WHERE signature_id = $1 AND report_date BETWEEN $2::text::date - 13 AND $2::text::date
                 GROUP BY 1 ORDER BY 2 DESC"
            );
            rows += client.query(&sql, &[&signature, &day])?.len();
        }
        Ok(rows)
    })?;
    figures::print(&format!(
        "scale: 100 top crashers of a version over a week {week:?}, over two {weeks:?}, a signature's six summaries over two weeks {summary:?} (promised: 100 ms)"
    ))?;
    Ok(())
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
