//! Sample rows: they are what the processor's way would have written, and known ones are passed over.

use auxilio_common::{Generation, JobOutcome, Timestamp};
use auxilio_database::{Database, DbRole, Report, SampleRows};

use crate::fixture::{Fixture, day, id, report};

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
    assert_eq!(writer(&f).await.insert(vec![row]).await.unwrap(), 1);
    assert_eq!(f.text(ROW).await, saved);
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
