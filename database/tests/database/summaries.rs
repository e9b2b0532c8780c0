//! What is counted of reports: versions, duplicates, clean reports and the summaries, by small data
//! that was reckoned by hand, and by chance.

mod clean;
mod daily;
mod dirty;
mod duplicates;
mod property;
pub(crate) mod recount;
mod rights;
mod top_crashers;
mod trends;
mod versions;

pub(crate) use auxilio_testkit::summaries::SUMMARIES;
use serde_json::{Value, json};

use crate::fixture::Fixture;

/// A database whose owner lives in another time zone: nothing may depend on it.
pub(super) async fn fixture() -> Fixture {
    let f = Fixture::new().await;
    f.sql("SET TimeZone = 'America/New_York'").await;
    f
}

/// A report of Firefox 13.0 for Windows 7, number so and so, at a time of a day.
pub(super) fn report(number: u32, day: &str, time: &str) -> Value {
    let digits = day[2..].replace('-', "");
    json!({
        "uuid": format!("{number:08x}-0000-4000-8000-000000{digits}"),
        "crash_day": day,
        "date_processed": format!("{day} {time}+00"),
        "client_crash_date": format!("{day} {time}+00"),
        "completed_datetime": format!("{day} 23:59:59+00"),
        "product": "Firefox", "version": "13.0", "build": "20120601000000",
        "release_channel": "release", "signature": "a::b", "uptime": 3_600, "install_age": 7_200,
        "reason": "SIGSEGV", "address": format!("0x{number:x}"),
        "os_name": "Windows NT", "os_version": "6.1.7601 Service Pack 1",
        "cpu_name": "x86", "cpu_info": "GenuineIntel | 2", "flash_version": "11.2",
        "generation": 1, "quality": 2, "throttle": "accept", "sample_rate": 100.0
    })
}

/// The same report with other values.
pub(super) fn with(mut report: Value, values: Value) -> Value {
    let (Value::Object(report_), Value::Object(values)) = (&mut report, values) else { panic!() };
    report_.extend(values);
    report
}

/// Writes reports as the processor does.
pub(super) async fn write(f: &Fixture, reports: &[Value]) {
    for report in reports {
        let day = report["crash_day"].as_str().unwrap();
        f.sql(&format!("SELECT ensure_partition('{day}')")).await;
    }
    f.owner.query("SELECT write_reports($1)", &[&reports]).await.unwrap();
}

/// Builds of Firefox 13.0 and its betas, and the version of them.
pub(super) async fn releases(f: &Fixture) {
    f.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type,
             beta_number, repository)
         VALUES ('Firefox', '13.0', 'win', 20120601000000, 'release', NULL, 'mozilla-release'),
                ('Firefox', '13.0', 'win', 20120501000000, 'beta', 4, 'mozilla-beta'),
                ('Firefox', '13.0', 'win', 20120508000000, 'beta', 5, 'mozilla-beta'),
                ('Firefox', '15.0a1', 'win', 20120610000000, 'nightly', NULL, 'mozilla-central')",
    )
    .await;
    f.sql("SELECT update_product_versions()").await;
}

/// Duplicates and clean reports of a day.
pub(crate) async fn clean(f: &Fixture, day: &str) -> i64 {
    let window = format!("('{day} 00:00+00', '{day} 00:00+00'::timestamptz + interval '24 hours')");
    f.sql(&format!("SELECT update_reports_duplicates{window}")).await;
    f.number(&format!("SELECT update_reports_clean{window}")).await
}

pub(crate) async fn update(f: &Fixture, name: &str, day: &str) -> i64 {
    f.number(&format!("SELECT update_{name}('{day}')")).await
}

/// All rows of a query, a text each.
pub(super) async fn lines(f: &Fixture, sql: &str) -> Vec<String> {
    let sql = format!("SELECT concat_ws(' ', VARIADIC ARRAY(
        SELECT coalesce(value, 'NULL') FROM jsonb_each_text(to_jsonb(t)) WITH ORDINALITY)) FROM ({sql}) AS t");
    f.sql(&sql).await.iter().map(|row| row.get(0)).collect()
}

/// The same, sorted as bytes are.
pub(super) async fn sorted_lines(f: &Fixture, sql: &str) -> Vec<String> {
    let mut all = lines(f, sql).await;
    all.sort();
    all
}
