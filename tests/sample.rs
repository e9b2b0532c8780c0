//! `auxilio sample` against a whole system: real crashes on past days, with names in their reports.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use auxilio_common::{CrashId, Day};
use auxilio_tests::up::Up;
use auxilio_tests::{binary, roles, wait};
use serde_json::Value;

/// Runs the verb as whoever runs the tests, who lets nobody else read what is written.
fn sample(up: &Up, arguments: &[&str]) -> Output {
    verb(up, &[&["sample"], arguments].concat())
}

fn verb(up: &Up, arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(binary::auxilio().unwrap());
    command.arg("--data").arg(up.dir.path()).args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn samples_are_processed_on_their_days_with_names_and_can_be_repeated() {
    let mut up = Up::prepare().unwrap();
    // The verb writes the symbols itself.
    std::fs::remove_dir_all(up.dir.path().join("symbols")).unwrap();
    up.start_again().unwrap();
    let arguments = ["--count", "60", "--days", "5", "--json"];
    let posted = lines(&sample(&up, &arguments));
    let kinds: BTreeMap<CrashId, String> = posted
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("crash_id").parse().unwrap(), text("kind"))
        })
        .collect();
    assert_eq!(kinds.len(), 60);
    let days: BTreeSet<Day> = kinds.keys().map(|id| id.day()).collect();
    assert_eq!(days.len(), 5);

    let ids: Vec<CrashId> = kinds.keys().copied().collect();
    let middleware = up.address("middleware");
    roles::wait_processed(middleware, &ids, Duration::from_secs(180));
    for (id, kind) in &kinds {
        let report = roles::processed(middleware, *id).unwrap();
        let at = report["date_processed"].as_str().unwrap();
        assert_eq!(at[..10], id.day().to_string(), "{id}");
        let named = match kind.as_str() {
            "segv" => "inlined_inner",
            "write-ro" => "crash_write_ro",
            "double-free" => "crash_double_free",
            "spin" => "spin_forever",
            _ => "",
        };
        // A process that another one ended is named after the error between them, not after what it did.
        let ended_by_another = report["ipc_channel_error"].is_string();
        let place = if ended_by_another { "proto_signature" } else { "signature" };
        let signature = report[place].as_str().unwrap();
        assert!(signature.contains(named), "{id} {kind}: {signature}");
    }
    assert!(kinds.values().filter(|kind| *kind == "segv").count() > 5, "{kinds:?}");
    wait::until("every row", Duration::from_secs(60), || {
        (up.count("SELECT count(*) FROM reports").ok()? == 60).then_some(())
    });
    readable(&up.dir.path().join("symbols"));
    readable(&up.dir.path().join("sample_pool"));

    assert_eq!(lines(&sample(&up, &arguments)), posted);
    let ids_alone = sample(&up, &["--count", "60", "--days", "5"]);
    let first = String::from_utf8(ids_alone.stdout).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(first, format!("bp-{}", posted[0]["crash_id"].as_str().unwrap()));
}

#[test]
fn report_rows_for_scale_are_written_once_and_spread_like_samples() {
    let up = Up::start().unwrap();
    a_scrubbed_copy_names_nobody(&up);
    let arguments = ["--fast", "--count", "25000", "--date", "2026-03-02", "--json"];
    let first = lines(&sample(&up, &arguments));
    assert_eq!(first[0]["rows"], 25_000);
    let again = lines(&sample(&up, &arguments));
    assert_eq!((&again[0]["rows"], &again[0]["known"]), (&Value::from(0), &Value::from(25_000)));
    for (sql, least) in [
        ("SELECT count(*) FROM reports WHERE crash_day = '2026-03-02'", 25_000),
        ("SELECT count(DISTINCT signature) FROM reports", 2_000),
        ("SELECT count(DISTINCT os_name) FROM reports", 4),
        ("SELECT count(*) FROM reports WHERE uptime < 60", 2_000),
        (
            "SELECT count(*) FROM (SELECT FROM reports GROUP BY hangid HAVING count(*) = 2) pairs",
            500,
        ),
    ] {
        assert!(up.count(sql).unwrap() >= least, "{sql}");
    }
    // Each is of a known build, so that all are counted; and their products have users.
    for (sql, expected) in [
        ("SELECT update_reports_clean('2026-03-02 00:00+00', '2026-03-03 00:00+00')", 25_000),
        ("SELECT least(update_tcbs('2026-03-02'), 1)", 1),
        ("SELECT sum(report_count) FROM tcbs", 25_000),
        ("SELECT least(update_adu('2026-03-02'), 1)", 1),
        (
            "SELECT count(DISTINCT product_name) FROM product_adu JOIN product_versions
              USING (product_version_id) WHERE adu_count > 1000",
            4,
        ),
    ] {
        assert_eq!(up.count(sql).unwrap(), expected, "{sql}");
    }
}

/// Rows of a day of their own, counted; then no protected value is to be found in a copy, byte by byte.
fn a_scrubbed_copy_names_nobody(up: &Up) {
    lines(&sample(up, &["--fast", "--count", "500", "--date", "2026-02-02", "--json"]));
    let clean = "SELECT update_reports_clean('2026-02-02 00:00+00', '2026-02-03 00:00+00')";
    assert_eq!(up.count(clean).unwrap(), 500);
    let copied = lines(&verb(up, &["db", "scrub", "--to", "scrubbed", "--json"]));
    let rows = copied.iter().find(|line| line["table"] == "reports").unwrap();
    assert_eq!(rows["rows"], 500);
    let bytes = contents(&mut up.client("scrubbed").unwrap());
    let original = contents(&mut up.client("auxilio").unwrap());
    let mut values = BTreeSet::new();
    for (column, least) in [("email", 5), ("user_id", 1), ("user_comments", 3), ("url", 100)] {
        // What COPY writes as it is.
        let sql = format!(
            r"SELECT DISTINCT {column} FROM reports
              WHERE length({column}) >= 8 AND {column} !~ '[\\[:cntrl:]]'"
        );
        // A site without a page is an analyst's to see.
        let sql = if column == "url" { sql + " AND url ~ '^http.*//.*/.'" } else { sql };
        let found = up.client("auxilio").unwrap().query(&sql, &[]).unwrap();
        assert!(found.len() >= least, "{} of {column}", found.len());
        values.extend(found.iter().map(|row| row.get::<_, String>(0)));
    }
    for value in values {
        assert!(original.contains(&value), "{value} is searched for in a way that finds nothing");
        assert!(!bytes.contains(&value), "{value} is in the copy");
    }
    up.client("auxilio").unwrap().batch_execute("DELETE FROM reports").unwrap();
}

/// All rows of all tables of a database.
fn contents(client: &mut postgres::Client) -> String {
    let tables = "SELECT oid::regclass::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    let tables = client.query(tables, &[]).unwrap();
    let mut bytes = Vec::new();
    for table in &tables {
        let sql = format!("COPY {} TO STDOUT", table.get::<_, String>(0));
        std::io::Read::read_to_end(&mut client.copy_out(&sql).unwrap(), &mut bytes).unwrap();
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_stands_in_the_way_is_said() {
    let up = Up::start().unwrap();
    let token = up.dir.path().join("wrong_token");
    std::fs::write(&token, "wrong\n").unwrap();
    let dropped =
        "SELECT (ensure_partition('2020-01-06') AND drop_week('2020-01-06'))::int::bigint";
    assert_eq!(up.count(dropped).unwrap(), 1);
    for (arguments, expected) in [
        (&["--count", "3", "--token-file", token.to_str().unwrap()][..], "unauthorized_uuid"),
        (&["--count", "3", "--collector", "http://127.0.0.1:1"], "no answer from 127.0.0.1:1"),
        (&["--fast", "--count", "3", "--date", "2001-01-01"], "before 2005"),
        (&["--fast", "--count", "3", "--date", "2020-01-08"], "the week of 2020-01-08 is sealed"),
    ] {
        let output = sample(&up, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected) && output.stdout.is_empty(), "{said}");
    }
}

/// Whether everybody can read what lies there.
fn readable(path: &Path) {
    let metadata = path.metadata().unwrap();
    let mode = if metadata.is_dir() { 0o755 } else { 0o644 };
    assert_eq!(metadata.permissions().mode() & 0o777, mode, "{}", path.display());
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            readable(&entry.unwrap().path());
        }
    }
}
