//! The daily extracts over a real Postgres: every column by hand, the public file beside the private
//! one, and what a folder may hold when they are written.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use auxilio_common::fields::{Permission, find};
use auxilio_common::{CrashId, Day, Generation, Quality, Throttle, Timestamp};
use auxilio_cron::Tried;
use auxilio_database::Report;

use crate::fixture::Fixture;

const NOON: &str = "2012-06-15T12:00:00Z";

/// What stands in each text that is a person's own.
const SECRET: &str = "SECRET";

#[rustfmt::skip]
const HEADER: [&str; 30] = [
    "signature", "url", "uuid_url", "client_crash_date", "date_processed", "last_crash", "product",
    "version", "build", "branch", "os_name", "os_version", "cpu_info", "address", "bug_list",
    "user_comments", "uptime_seconds", "email", "adu_count", "topmost_filenames", "addons_checked",
    "flash_version", "hangid", "reason", "process_type", "app_notes", "install_age", "duplicate_of",
    "release_channel", "productid",
];

fn day() -> Day {
    Day::from_ymd(2012, 6, 14).unwrap()
}

fn id(number: u8) -> CrashId {
    CrashId::issue([number; 16], 0, day())
}

fn at(crash_id: CrashId, time: Timestamp) -> Report {
    Report::new(crash_id, time, Generation(1), Quality::Clean, Throttle::Accept, 100.0)
}

fn report(number: u8, time: &str) -> Report {
    at(id(number), format!("2012-06-14T{time}Z").parse().unwrap())
}

/// A report that says something in every column.
fn full() -> Report {
    let text = |word: &str| Some(word.to_owned());
    let mut row = report(2, "10:20:30");
    row.client_crash_date = Some("2012-06-13T23:59:59Z".parse().unwrap());
    row.product = text("Firefox");
    row.version = text("13.0");
    row.build = text("20120601000000");
    row.signature = text("a\0::\t\"b\"\r\nc");
    row.url = text("http://SECRET/?a\tb");
    row.install_age = Some(7_200);
    row.last_crash = Some(86_400);
    row.uptime = Some(60);
    row.cpu_name = text("x86");
    row.cpu_info = text("GenuineIntel | 2");
    row.reason = text("SIGSEGV, \"really\"");
    row.address = text("0x0");
    row.os_name = text("Linux");
    row.os_version = text("0.0.0 Linux 3.2.0 i686");
    row.email = text("SECRET@example.org");
    row.user_id = text(SECRET);
    row.user_comments = text("\"SECRET\"\tone\r\ntwo");
    row.app_notes = text("\u{65e5}\u{672c},\\N");
    row.topmost_filenames = text("a.cpp");
    row.addons_checked = Some(true);
    row.flash_version = text("11.2");
    row.hangid = text("h");
    row.process_type = text("plugin");
    row.release_channel = text("release");
    row.productid = text("{ec80}");
    row
}

async fn fixture(reports: Vec<Report>) -> Fixture {
    let f = Fixture::new(NOON, |config, _| config.report_url = "http://x/".into()).await;
    f.sql(
        "SET TimeZone = 'America/New_York'; SELECT ensure_partition('2012-06-14');
         INSERT INTO raw_adu (adu_count, date, product_name, product_version, product_os_platform)
         VALUES (5, '2012-06-14', 'Firefox', '13.0', 'Linux'), (6, '2012-06-14', 'Firefox', '13.0', 'Linux 3'),
                (7, '2012-06-13', 'Firefox', '13.0', 'Linux'), (8, '2012-06-14', 'Firefox', '13.0', 'Windows');
         INSERT INTO bugs VALUES (12), (3);
         INSERT INTO bug_associations SELECT 'a::' || E'\\t\"b\"\\r\\nc', id FROM bugs",
    )
    .await;
    for written in f.database().write_reports(reports).await.unwrap() {
        assert!(written.unwrap());
    }
    f
}

async fn write(f: &Fixture) -> i64 {
    let step = f.engine.run_by_hand("extracts", day()).await.unwrap().unwrap();
    let Some(Tried::Done(count)) = step.tried else { panic!("{step:?}") };
    count
}

fn path(f: &Fixture, kind: &str) -> PathBuf {
    f.dir.path().join("extracts").join(format!("20120614{kind}-crashdata.csv.gz"))
}

/// Reads a file as scripts have done since 2012.
const READER: &str = "
import csv, gzip, json, sys
lines = gzip.open(sys.argv[1], 'rt', encoding='utf-8', newline='')
json.dump(list(csv.reader(lines, delimiter='\\t')), sys.stdout)";

/// What gzip makes of a file, and its lines as Python understands them.
fn unpacked(f: &Fixture, kind: &str) -> (String, Vec<Vec<String>>) {
    let run = Command::new("gzip").arg("-dc").arg(path(f, kind)).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let text = String::from_utf8(run.stdout).unwrap();
    let run = Command::new("python3").args(["-c", READER]).arg(path(f, kind)).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    (text, serde_json::from_slice(&run.stdout).unwrap())
}

#[tokio::test]
async fn every_column_is_what_it_was_and_the_public_file_lacks_what_is_protected() {
    let mut plain = report(1, "10:20:31");
    plain.signature = Some(String::new());
    let f = fixture(vec![plain, full()]).await;
    f.sql(&format!(
        "INSERT INTO reports_duplicates (uuid, duplicate_of, date_processed, crash_day)
         SELECT uuid, '{}', date_processed, crash_day FROM reports WHERE uuid = '{}'",
        id(1),
        id(2)
    ))
    .await;
    assert_eq!(write(&f).await, 2);
    let ((private_text, private), (public_text, public)) = (unpacked(&f, ""), unpacked(&f, "-pub"));
    assert_eq!(private[0], HEADER);
    let (full_url, plain_url) = (format!("http://x/{}", id(2)), format!("http://x/{}", id(1)));
    #[rustfmt::skip]
    assert_eq!(private[1], [
        "a:: \"b\" | c", "http://SECRET/?a b", &full_url, "201206132359", "201206141020", "86400",
        "Firefox", "13.0", "20120601000000", "\\N", "Linux", "3.2.0 i686", "x86 | GenuineIntel | 2",
        "0x0", "3,12", "\"SECRET\" one | two", "60", "yes", "11", "a.cpp", "checked", "11.2", "h",
        "SIGSEGV, \"really\"", "plugin", "\u{65e5}\u{672c},\\N", "7200", &id(1).to_string(), "release",
        "{ec80}",
    ]);
    #[rustfmt::skip]
    assert_eq!(private[2], [
        "", "\\N", &plain_url, "\\N", "201206141020", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N",
        "\\N", "\\N", "\\N", "\\N", "\\N", "", "\\N", "\\N", "[unknown]", "\\N", "\\N", "\\N", "\\N",
        "\\N", "\\N", "\\N", "\\N", "\\N",
    ]);
    assert_eq!((private.len(), public.len()), (3, 3));
    for (private, public) in private.iter().zip(&public).skip(1) {
        for (column, name) in HEADER.iter().enumerate() {
            let expected = match *name {
                "url" => "URL (removed)",
                _ if find(name).is_some_and(|it| it.permission == Permission::Protected) => "",
                _ => &private[column],
            };
            assert_eq!(public[column], expected, "{name}");
        }
    }
    assert_eq!(public[0], HEADER);
    assert!(private_text.contains(SECRET) && !public_text.contains(SECRET), "{public_text}");
    let lines = private_text.split_terminator('\n').map(|line| line.split('\t').count());
    assert_eq!(lines.collect::<Vec<_>>(), [30, 30, 30], "scripts that cut at tabs read the same");
}

#[tokio::test]
async fn an_extract_holds_the_products_of_the_day_alone_and_is_readable_to_whom_it_is_for() {
    let before = day().previous().unwrap();
    let named = |crash_id: CrashId, product: &str| {
        let mut row = at(crash_id, Timestamp::midnight(crash_id.day()));
        row.product = Some(product.into());
        row
    };
    let f = Fixture::new(NOON, |config, _| config.extract_products = vec!["Fennec".into()]).await;
    f.sql("SELECT ensure_partition('2012-06-13'); SELECT ensure_partition('2012-06-14')").await;
    let reports = [
        named(id(1), "Fennec"),
        named(id(2), "Firefox"),
        report(3, "00:00:00"),
        named(CrashId::issue([4; 16], 0, before), "Fennec"),
    ];
    f.database().write_reports(reports.into()).await.unwrap();
    assert_eq!(write(&f).await, 1);
    assert_eq!(unpacked(&f, "").1[1][6], "Fennec");
    for (kind, mode) in [("", 0o640), ("-pub", 0o644)] {
        let metadata = path(&f, kind).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{kind}");
    }
}

#[tokio::test]
async fn an_empty_day_has_a_line_of_names_and_what_a_killed_run_left_is_swept() {
    let f = fixture(Vec::new()).await;
    let dir = f.dir.path().join("extracts");
    std::fs::create_dir(&dir).unwrap();
    let left = ["20120614-crashdata.csv.gz.unfinished", "20120613-pub-crashdata.csv.gz.unfinished"];
    let others = ["notes.d", "notes.unfinished", "20120613-crashdata.csv.gz"];
    for name in left.iter().chain(&others) {
        std::fs::write(dir.join(name), "half").unwrap();
    }
    assert_eq!(write(&f).await, 0);
    for kind in ["", "-pub"] {
        assert_eq!(unpacked(&f, kind).0, format!("{}\n", HEADER.join("\t")));
    }
    assert!(left.iter().all(|name| !dir.join(name).exists()));
    assert!(others.iter().all(|name| dir.join(name).exists()), "others' files are left alone");
}

#[tokio::test]
async fn the_same_reports_give_the_same_bytes_and_a_late_one_comes_with_the_next_run() {
    let f = fixture(vec![full()]).await;
    let bytes = |kind| std::fs::read(path(&f, kind)).unwrap();
    write(&f).await;
    let first = (bytes(""), bytes("-pub"));
    write(&f).await;
    assert!((bytes(""), bytes("-pub")) == first);
    f.database().write_reports(vec![report(1, "00:00:00")]).await.unwrap();
    assert_eq!(write(&f).await, 2);
    assert_eq!(unpacked(&f, "-pub").1.len(), 3);
}

#[tokio::test]
async fn a_run_that_fails_leaves_the_files_as_they_were() {
    let f = fixture(vec![full()]).await;
    write(&f).await;
    let before = std::fs::read(path(&f, "")).unwrap();
    f.database().write_reports(vec![report(1, "00:00:00")]).await.unwrap();
    // A value that Postgres can't make a text of ends the rows in the middle.
    f.sql(
        "ALTER TABLE bug_associations RENAME TO real_associations;
         CREATE VIEW bug_associations AS SELECT signature, 1 / (bug_id - 3) AS bug_id FROM real_associations;
         GRANT SELECT ON bug_associations TO auxilio_cron",
    )
    .await;
    let step = f.engine.run_by_hand("extracts", day()).await.unwrap().unwrap();
    assert!(matches!(step.tried, Some(Tried::Failed(_))), "{step:?}");
    assert!(std::fs::read(path(&f, "")).unwrap() == before);
    f.sql("DROP VIEW bug_associations; ALTER TABLE real_associations RENAME TO bug_associations")
        .await;
    assert_eq!(write(&f).await, 2);
}
