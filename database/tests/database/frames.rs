//! What signatures are made from: written with the report or not at all, of its run or not read.

use auxilio_common::{Day, Generation, JobOutcome};
use auxilio_database::{Database, DbRole, Frames, Report, SignedCrash};
use tokio_postgres::error::SqlState;

use crate::fixture::{Fixture, connect, day, id, id_of, report};

fn as_cron(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Cron).unwrap()
}

fn signed(number: u8, generation: i64, line: Option<&str>) -> Report {
    let mut row = report(id(number), Generation(generation));
    row.signature = Some(format!("s{generation}"));
    row.group_key = Some("k".to_owned());
    row.frames = line.and_then(Frames::of);
    row
}

async fn read(f: &Fixture) -> Vec<SignedCrash> {
    as_cron(f).signed_crashes(day(), None, 10).await.unwrap()
}

fn line(crash: &SignedCrash) -> Option<String> {
    crash.frames.as_ref().map(|frames| frames.line().unwrap())
}

#[tokio::test]
async fn frames_are_written_with_the_report_and_read_with_it() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let row = signed(1, job.generation.0, Some("{\"\u{e9}\": 1}"));
    f.processor.save_report(row.clone(), &job, JobOutcome::Processed).await.unwrap();
    let other_week = report(id_of(2, Day::from_ymd(2012, 6, 22).unwrap()), Generation(1));
    as_cron(&f).write_reports(vec![other_week]).await.unwrap();
    let [found] = &read(&f).await[..] else { panic!("one crash") };
    assert_eq!((found.crash_id, found.generation), (id(1), job.generation));
    assert_eq!((&found.signature, &found.group_key), (&row.signature, &row.group_key));
    assert_eq!(line(found).as_deref(), Some("{\"\u{e9}\": 1}"));
    let weeks = "SELECT string_agg(tableoid::regclass::text, ' ') FROM frames";
    assert_eq!(f.text(weeks).await, "frames_20120611");
    let keys = "SELECT group_key FROM reports WHERE left(group_key, 255) = left('k', 255)";
    assert_eq!(f.text(keys).await, "k");
}

#[tokio::test]
async fn frames_follow_the_generation_of_the_report() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    for (generation, given, expected) in [
        (5, Some("five"), Some("five")),
        (4, Some("four"), Some("five")),
        (5, Some("another"), Some("five")),
        (6, Some("six"), Some("six")),
        // A run that kept nothing is not read with the frames of the one before.
        (7, None, None),
        (8, Some("eight"), Some("eight")),
    ] {
        cron.write_reports(vec![signed(1, generation, given)]).await.unwrap();
        let found = read(&f).await;
        assert_eq!(line(&found[0]).as_deref(), expected, "{generation}");
    }
    // Two runs of one crash in one batch.
    let batch = [(9, "nine"), (11, "eleven"), (10, "ten")];
    let rows = batch.map(|(generation, text)| signed(1, generation, Some(text)));
    cron.write_reports(rows.to_vec()).await.unwrap();
    assert_eq!(line(&read(&f).await[0]).as_deref(), Some("eleven"));
    assert_eq!(f.number("SELECT count(*) FROM frames").await, 1);
}

#[tokio::test]
async fn a_refused_report_leaves_no_frames_and_spoils_no_other() {
    let f = Fixture::new().await;
    let mut bad = signed(2, 1, Some("bad"));
    bad.sample_rate = 0.0;
    let rows = vec![signed(1, 1, Some("one")), bad, signed(3, 1, Some("three"))];
    let answers = as_cron(&f).write_reports(rows).await.unwrap();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(
        f.text("SELECT string_agg(uuid, ' ' ORDER BY uuid) FROM frames").await,
        format!("{} {}", id(1), id(3))
    );
}

#[tokio::test]
async fn a_week_of_reports_without_one_of_frames_gets_it_on_demand() {
    let f = Fixture::new().await;
    as_cron(&f).write_reports(vec![signed(1, 1, None)]).await.unwrap();
    // As an older version left it.
    f.sql("DROP TABLE frames_20120611").await;
    assert_eq!(line(&read(&f).await[0]), None);
    let answers = as_cron(&f).write_reports(vec![signed(1, 2, Some("two"))]).await.unwrap();
    assert!(answers[0].as_ref().unwrap());
    assert_eq!(line(&read(&f).await[0]).as_deref(), Some("two"));
}

#[tokio::test]
async fn pages_go_on_after_the_last_crash() {
    let f = Fixture::new().await;
    let rows = (1..=5).map(|number| signed(number, 1, None)).collect();
    as_cron(&f).write_reports(rows).await.unwrap();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = as_cron(&f).signed_crashes(day(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.crash_id);
        seen.extend(page.iter().map(|crash| crash.crash_id));
    }
    assert_eq!(seen, (1..=5).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn only_cron_reads_frames() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    for role in ["collector", "monitor", "processor", "middleware", "analyst"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        let error = client.batch_execute("SELECT FROM frames").await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
    }
    for role in ["middleware", "analyst"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        client.batch_execute("SELECT group_key, proto_signature FROM reports").await.unwrap();
    }
}
