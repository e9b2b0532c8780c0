//! Sample rows: they are what the processor's way would have written, and known ones are passed over.

use auxilio_common::{Generation, JobOutcome, Timestamp};
use auxilio_database::{Database, DbRole, Release, Report, SampleRows};

use crate::fixture::{Fixture, day, id, report};
use crate::summaries::{SUMMARIES, clean, recount, update};

async fn writer(f: &Fixture) -> SampleRows {
    let owner = Database::connect(&f.config, DbRole::Owner).unwrap();
    owner.ensure_partition(day()).await.unwrap();
    owner.sample_rows().await.unwrap()
}

/// A row with something odd in its texts and something in every kind of column.
fn odd(generation: Generation) -> Report {
    let mut row = report(id(1), generation);
    let text = |word: &str| Some(word.to_owned());
    row.client_crash_date = Some(Timestamp::from_micros(1_339_718_400_123_456));
    row.url = text("file:///C:\\temp\\N\\new.html");
    row.user_comments = text("one\ttwo\nthree\r\\. \\N \u{65e5}\u{672c}");
    row.app_notes = text("");
    row.product = text("\\N");
    (row.uptime, row.success, row.truncated) = (Some(-1), Some(true), Some(false));
    row
}

#[tokio::test]
async fn a_row_is_the_one_that_the_processor_would_have_written() {
    const ROW: &str = "SELECT (to_jsonb(reports) - 'id')::text FROM reports";
    let f = Fixture::new().await;
    let job = f.taken().await;
    let row = odd(job.generation);
    f.processor.save_report(row.clone(), &job, JobOutcome::Processed).await.unwrap();
    let saved = f.text(ROW).await;
    f.sql("DELETE FROM reports").await;
    let marks = "SELECT string_agg(hour::text, ' ') FROM dirty_hours";
    let marked = f.text(marks).await;
    f.sql("DELETE FROM dirty_hours").await;
    assert_eq!(writer(&f).await.insert(vec![row]).await.unwrap(), 1);
    assert_eq!(f.text(ROW).await, saved);
    assert_eq!(f.text(marks).await, marked);
}

#[tokio::test]
async fn rows_that_are_there_are_passed_over_and_counted_out() {
    let f = Fixture::new().await;
    let rows = |numbers: std::ops::Range<u8>| -> Vec<Report> {
        numbers.map(|number| report(id(number), Generation(1))).collect()
    };
    let mut writer = writer(&f).await;
    assert_eq!(writer.insert(Vec::new()).await.unwrap(), 0);
    assert_eq!(writer.insert(rows(0..10)).await.unwrap(), 10);
    assert_eq!(writer.insert(rows(5..15)).await.unwrap(), 5);
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 15);
    assert_eq!(f.number("SELECT count(DISTINCT id) FROM reports").await, 15);
}

#[tokio::test]
async fn a_bad_row_stops_its_batch_and_the_writer_goes_on() {
    let f = Fixture::new().await;
    let mut writer = writer(&f).await;
    let mut bad = report(id(2), Generation(1));
    bad.sample_rate = 0.0;
    writer.insert(vec![report(id(1), Generation(1)), bad]).await.unwrap_err();
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 0);
    assert_eq!(writer.insert(vec![report(id(3), Generation(1))]).await.unwrap(), 1);
}

#[tokio::test]
async fn reasons_and_pages_of_any_length_are_indexed_and_found() {
    let f = Fixture::new().await;
    let mut row = report(id(1), Generation(1));
    (row.reason, row.url) = (Some("\u{65e5}".repeat(30_000)), Some("u".repeat(30_000)));
    writer(&f).await.insert(vec![row]).await.unwrap();
    f.sql("SET enable_seqscan = off").await;
    for column in ["reason", "url"] {
        let lookup =
            format!("FROM reports WHERE left({column}, 255) = left(repeat('u', 400), 255)");
        let plan = f.sql(&format!("EXPLAIN SELECT 1 {lookup}")).await;
        let plan: String = plan.iter().map(|line| line.get::<_, String>(0)).collect();
        assert!(plan.contains("Index"), "{plan}");
    }
    let found = "SELECT count(*) FROM reports WHERE left(url, 255) = left(repeat('u', 400), 255)";
    assert_eq!(f.number(found).await, 1);
}

/// Beta 2 of 13.0, by its build alone.
fn build(number: u8) -> Release {
    Release {
        product: "Sampled".into(),
        version: "13.0".into(),
        platform: "win".into(),
        build_id: format!("201206100000{number:02}"),
        channel: "beta".into(),
        beta_number: Some(i32::from(number)),
        repository: Release::REPOSITORY.into(),
    }
}

/// A report of that beta.
fn of_build(number: u8, build: &Release) -> Report {
    let mut row = report(id(number), Generation(1));
    let text = |word: &str| Some(word.to_owned());
    (row.product, row.version, row.build) =
        (text("Sampled"), text("13.0"), Some(build.build_id.clone()));
    (row.release_channel, row.productid) = (text("beta"), text("{sampled}"));
    (row.os_name, row.os_version) = (text("Windows NT"), text("6.1.7601"));
    (row.signature, row.cpu_name, row.flash_version) = (text("a::b"), text("x86"), text("11.2"));
    row.uptime = Some(30);
    row.completed_datetime = Some(row.date_processed);
    row
}

#[tokio::test]
async fn rows_are_counted_under_the_builds_and_users_that_come_with_them() {
    let f = Fixture::new().await;
    let mut writer = writer(&f).await;
    let builds = [build(1), build(2)];
    let rows = (1..=30).map(|number| of_build(number, &builds[usize::from(number % 3 == 0)]));
    assert_eq!(writer.insert(rows.collect()).await.unwrap(), 30);
    assert_eq!(writer.add_builds(&builds).await.unwrap(), 2);
    assert_eq!(writer.count_users(day(), &["{sampled}"]).await.unwrap(), 2);
    let date = day().to_string();
    assert_eq!(clean(&f, &date).await, 30);
    for name in SUMMARIES {
        update(&f, name, &date).await;
    }
    recount::check(&f).await;
    let counted =
        "SELECT string_agg(version_string || ' ' || report_count || ' ' || adu_count, ', '
            ORDER BY version_string)
        FROM tcbs JOIN product_versions USING (product_version_id)
        JOIN product_adu ON product_adu.product_version_id = tcbs.product_version_id
            AND product_adu.os_name = 'Windows'";
    assert_eq!(f.text(counted).await, "13.0b1 20 3000, 13.0b2 10 1500");
    // Once more changes nothing, and the day is marked as one whose users changed.
    assert_eq!(writer.add_builds(&builds).await.unwrap(), 0);
    assert_eq!(writer.count_users(day(), &["{sampled}"]).await.unwrap(), 2);
    assert_eq!(f.number("SELECT count(*) FROM raw_adu").await, 2);
    assert_eq!(f.number("SELECT count(DISTINCT day) FROM dirty_days").await, 1);
}

#[tokio::test]
async fn a_week_that_was_dropped_is_sealed() {
    let f = Fixture::new().await;
    let owner = Database::connect(&f.config, DbRole::Owner).unwrap();
    owner.ensure_partition(day()).await.unwrap();
    assert!(!owner.is_sealed(day()).await.unwrap());
    f.sql("SELECT drop_week('2012-06-15')").await;
    for (date, sealed) in [("2012-06-10", false), ("2012-06-11", true), ("2012-06-17", true)] {
        assert_eq!(owner.is_sealed(date.parse().unwrap()).await.unwrap(), sealed, "{date}");
    }
}
