//! What Postgres forgot: rows written anew by generation, and crashes queued that nobody processes.

use auxilio_common::{CrashId, Day, Generation, JobOutcome, Lane, Timestamp};
use auxilio_database::{Database, DbRole, Forgotten};
use tokio_postgres::error::SqlState;

use crate::fixture::{Fixture, connect, day, id, id_of, report};

fn as_cron(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Cron).unwrap()
}

fn forgotten(crash_id: CrashId, seen: Option<i64>) -> Forgotten {
    let received_at = Some(Timestamp::midnight(day()));
    Forgotten { crash_id, received_at, seen: seen.map(Generation) }
}

async fn written(f: &Fixture, crash_id: CrashId, generation: i64) -> bool {
    let row = report(crash_id, Generation(generation));
    as_cron(f).write_reports(vec![row]).await.unwrap().pop().unwrap().unwrap()
}

#[tokio::test]
async fn row_is_written_where_none_or_an_older_one_is_and_its_week_is_made() {
    let f = Fixture::new().await;
    assert!(written(&f, id(1), 5).await, "the week is made on demand");
    for (generation, is_written) in [(5, false), (4, false), (6, true), (6, false)] {
        assert_eq!(written(&f, id(1), generation).await, is_written, "{generation}");
    }
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 1);
    assert_eq!(f.number("SELECT generation FROM reports").await, 6);
}

#[tokio::test]
async fn each_row_of_a_batch_has_its_own_answer_and_a_bad_one_spoils_no_other() {
    let f = Fixture::new().await;
    written(&f, id(2), 9).await;
    let other_week = Day::from_ymd(2012, 12, 24).unwrap();
    let mut bad = report(id(3), Generation(1));
    bad.date_processed = Timestamp::midnight(other_week);
    let mut with_nul = report(id(4), Generation(1));
    with_nul.signature = Some("a\0b".to_owned());
    let rows = vec![
        report(id(1), Generation(1)),
        report(id(2), Generation(8)),
        bad,
        with_nul,
        report(id_of(5, other_week), Generation(1)),
        // The same crash once more, of a later run.
        report(id(1), Generation(2)),
    ];
    let answers = as_cron(&f).write_reports(rows).await.unwrap();
    let words: Vec<_> = answers.iter().map(|answer| answer.as_ref().ok().copied()).collect();
    assert_eq!(words, [Some(true), Some(false), None, Some(true), Some(true), Some(true)]);
    let refusal = std::error::Error::source(answers[2].as_ref().unwrap_err()).unwrap().to_string();
    assert!(refusal.contains("date_processed_lies_in_crash_day"), "{refusal}");
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 4);
    assert!(as_cron(&f).write_reports(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn row_that_is_written_during_a_run_leaves_the_run_its_end() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    // The store has this run's result already, and somebody reconciles at this moment.
    assert!(written(&f, id(1), job.generation.0).await);
    let row = report(id(1), job.generation);
    f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 1);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn only_what_nobody_has_touched_since_is_queued() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    f.insert(&[id(1)]).await;
    for crash in [2, 3, 4] {
        written(&f, id(crash), 7).await;
    }
    let crashes = [
        // Has a job; was processed since; as it was seen, without and with a report; not there now.
        forgotten(id(1), None),
        forgotten(id(2), None),
        forgotten(id(3), Some(6)),
        forgotten(id(4), Some(7)),
        forgotten(id(5), Some(7)),
        forgotten(id(6), None),
        Forgotten { received_at: None, ..forgotten(id(7), None) },
    ];
    let queued = cron.queue_forgotten(&crashes).await.unwrap();
    assert_eq!(queued, [id(4), id(6), id(7)].into_iter().collect());
    assert!(cron.queue_forgotten(&crashes).await.unwrap().is_empty(), "they have jobs now");
    let with_jobs = cron.crashes_with_jobs(&[id(1), id(2), id(4)]).await.unwrap();
    assert_eq!(with_jobs, [id(1), id(4)].into_iter().collect());
    let lane = "SELECT lane FROM jobs WHERE uuid = $1";
    let row = f.owner.query_one(lane, &[&id(1).to_string()]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "standard", "a job that is there stays as it is");
    let processor = f.register("one").await;
    let taken = f.take(processor, Lane::Reprocess).await;
    assert_eq!(taken.len(), 3);
    assert!(taken.iter().all(|job| job.generation > Generation(7)));
    assert!(cron.queue_forgotten(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn crash_waiting_for_its_raw_crash_stays_the_monitor_s() {
    let f = Fixture::new().await;
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    middleware.await_raw(id(1), "192.0.2.1").await.unwrap();
    assert!(as_cron(&f).queue_forgotten(&[forgotten(id(1), None)]).await.unwrap().is_empty());
    assert_eq!(f.monitor.waiting_jobs(None).await.unwrap(), [id(1)]);
}

#[tokio::test]
async fn reports_of_a_day_are_listed_in_pages() {
    let f = Fixture::new().await;
    for crash in [3, 1, 2] {
        written(&f, id(crash), i64::from(crash)).await;
    }
    written(&f, id_of(4, day().next().unwrap()), 4).await;
    let cron = as_cron(&f);
    let first = cron.report_generations(day(), None, 2).await.unwrap();
    assert_eq!(first, [(id(1), Generation(1)), (id(2), Generation(2))]);
    let second = cron.report_generations(day(), Some(id(2)), 2).await.unwrap();
    assert_eq!(second, [(id(3), Generation(3))]);
}

#[tokio::test]
async fn queued_crashes_of_some_days_are_listed_in_pages() {
    let f = Fixture::new().await;
    let (before, behind) = (day().previous().unwrap(), day().next().unwrap());
    f.insert(&[id_of(9, before), id_of(8, behind), id(3), id(1), id(2)]).await;
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    middleware.await_raw(id(4), "192.0.2.1").await.unwrap();
    let processor = f.register("one").await;
    let taken = f.take(processor, Lane::Standard).await;
    let cron = as_cron(&f);
    assert_eq!(cron.queued_crashes(day(), day(), None, 9).await.unwrap(), [], "all are taken");
    for job in &taken {
        f.processor.return_job(job, std::time::Duration::ZERO).await.unwrap();
    }
    assert_eq!(cron.queued_crashes(day(), day(), None, 2).await.unwrap(), [id(1), id(2)]);
    assert_eq!(cron.queued_crashes(day(), day(), Some(id(2)), 2).await.unwrap(), [id(3)]);
    assert_eq!(cron.queued_crashes(before, behind, None, 9).await.unwrap().len(), 5);
}

#[tokio::test]
async fn services_that_serve_strangers_write_no_rows() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    for role in ["collector", "monitor", "processor", "middleware", "analyst"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        for sql in [
            "SELECT write_reports(ARRAY[]::jsonb[])",
            "SELECT queue_forgotten(ARRAY[]::text[], ARRAY[]::timestamptz[], ARRAY[]::bigint[])",
        ] {
            let error = client.batch_execute(sql).await.unwrap_err();
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {sql}");
        }
    }
}
