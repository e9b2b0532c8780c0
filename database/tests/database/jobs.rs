//! Inserting and ending jobs: idempotence, refusals, back-off, asking.

use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::{JobOutcome, Lane, Timestamp};
use auxilio_database::{AskedState, Class, Completion, Database, DbRole, Failure, Insertion};

use crate::fixture::{Fixture, LEASE, day, id, report};

#[tokio::test]
async fn inserting_twice_changes_nothing() {
    let f = Fixture::new().await;
    assert_eq!(f.insert(&[id(1)]).await, [(id(1), Insertion::Inserted)]);
    let mut again = f.insert(&[id(1), id(2), id(2)]).await;
    again.sort_by_key(|(id, _)| *id);
    assert_eq!(again, [(id(1), Insertion::Known), (id(2), Insertion::Inserted)]);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 2);
    assert_eq!(f.text("SELECT crash_day::text FROM jobs LIMIT 1").await, day().to_string());
}

#[tokio::test]
async fn crash_with_a_report_is_not_queued_again() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let saved = f
        .processor
        .save_report(report(id(1), job.generation), &job, JobOutcome::Processed)
        .await
        .unwrap();
    assert_eq!(saved, Completion::Completed);
    assert_eq!(f.insert(&[id(1)]).await, [(id(1), Insertion::Reported)]);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn crash_that_was_waited_for_is_queued_when_it_comes() {
    let f = Fixture::new().await;
    f.owner
        .execute(
            "INSERT INTO jobs (uuid, lane, state) VALUES ($1, 'priority', 'waiting_for_raw')",
            &[&id(1).to_string()],
        )
        .await
        .unwrap();
    assert_eq!(f.insert(&[id(1)]).await, [(id(1), Insertion::Inserted)]);
    let processor = f.register("one").await;
    assert_eq!(f.take(processor, Lane::Priority).await.len(), 1);
}

#[tokio::test]
async fn only_the_lease_s_holder_completes() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let mut stale = job.clone();
    stale.token -= 1;
    let mut old = job.clone();
    old.generation.0 -= 1;
    for other in [&stale, &old] {
        let answer = f.processor.complete_job(other, JobOutcome::RawGone).await.unwrap();
        assert_eq!(answer, Completion::Refused);
    }
    assert!(!f.processor.fail_job(&stale, "no", Failure::Passing).await.unwrap());
    assert!(!f.processor.return_job(&stale, Duration::ZERO).await.unwrap());
    assert_eq!(f.text("SELECT state FROM jobs").await, "taken");
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 0);

    let answer = f.processor.complete_job(&job, JobOutcome::RawGone).await.unwrap();
    assert_eq!(answer, Completion::Completed);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
    assert_eq!(
        f.text("SELECT outcome || ' ' || lane FROM job_outcomes").await,
        "raw_gone standard"
    );
}

#[tokio::test]
async fn holder_who_lost_the_answer_gets_it_again_and_it_counts_once() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    for _ in 0..2 {
        let answer = f.processor.complete_job(&job, JobOutcome::RawGone).await.unwrap();
        assert_eq!(answer, Completion::Completed);
    }
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 1);
    let other = f.processor.complete_job(&job, JobOutcome::Processed).await.unwrap();
    assert_eq!(other, Completion::Refused);
}

#[tokio::test]
async fn failed_job_comes_back_after_a_growing_pause() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1)]).await;
    let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let due = "SELECT (extract(epoch FROM due_at) * 1000)::bigint FROM jobs";
    for attempt in 1..=3 {
        let job = f.take(processor, Lane::Standard).await.pop().unwrap();
        assert_eq!(job.attempts, attempt);
        let failure = if attempt == 2 { Failure::Death } else { Failure::Passing };
        let before = f.number(clock).await;
        assert!(f.processor.fail_job(&job, "the store\0is down", failure).await.unwrap());
        assert!(f.take(processor, Lane::Standard).await.is_empty(), "it is not due yet");
        let (least, most) = (750 * (1 << attempt), 1_250 * (1 << attempt));
        let (due, after) = (f.number(due).await, f.number(clock).await);
        assert!(due >= before + least && due <= after + most, "after attempt {attempt}");
        f.sql("UPDATE jobs SET due_at = now()").await;
    }
    assert_eq!(f.text("SELECT last_error FROM jobs").await, "the storeis down");
    assert_eq!(f.number("SELECT deaths::bigint FROM jobs").await, 1);
    let view = f.monitor.job(id(1)).await.unwrap().unwrap();
    assert_eq!((view.lane, view.state.as_str(), view.attempts), (Lane::Standard, "queued", 3));
}

#[tokio::test]
async fn pause_has_a_bound() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    f.sql("UPDATE jobs SET attempts = 1000000").await;
    assert!(f.processor.fail_job(&job, "no", Failure::Passing).await.unwrap());
    let far = "SELECT count(*) FROM jobs WHERE due_at > now() + interval '13 minutes'";
    assert_eq!(f.number(far).await, 0);
}

#[tokio::test]
async fn returned_job_keeps_its_place_and_has_lost_nothing() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1), id(2)]).await;
    let job = f.processor.take_jobs(processor, Lane::Standard, 1, LEASE).await.unwrap().remove(0);
    assert!(f.processor.return_job(&job, Duration::ZERO).await.unwrap());
    let jobs = f.take(processor, Lane::Standard).await;
    assert_eq!((jobs[0].crash_id, jobs[0].attempts), (id(1), 1));
    assert!(f.processor.return_job(&jobs[0], Duration::from_secs(30)).await.unwrap());
    assert!(f.take(processor, Lane::Standard).await.is_empty(), "it is due in 30 seconds");
}

#[tokio::test]
async fn asking_raises_the_lane_and_never_lowers_it() {
    let f = Fixture::new().await;
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    let at = Timestamp::midnight(day());
    let processor = f.register("one").await;
    f.insert(&[id(1)]).await;
    let ask = |lane| middleware.ask_job(id(1), lane, at);
    assert_eq!(ask(Lane::Priority).await.unwrap(), AskedState::Queued);
    assert_eq!(ask(Lane::Reprocess).await.unwrap(), AskedState::Queued);
    // The assignment to somebody else went with it.
    let other = f.register("two").await;
    assert_eq!(f.take(other, Lane::Priority).await.len(), 1);
    assert!(f.take(processor, Lane::Standard).await.is_empty());
    let error = ask(Lane::Standard).await.unwrap_err();
    assert_eq!(error.class(), Class::Permanent, "standard jobs are the monitor's");
}

#[tokio::test]
async fn asking_while_it_is_taken_queues_it_once_more() {
    let f = Fixture::new().await;
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let job = f.taken().await;
    let at = Timestamp::midnight(day());
    assert_eq!(cron.ask_job(id(1), Lane::Priority, at).await.unwrap(), AskedState::Taken);
    let first = report(id(1), job.generation);
    let answer = f.processor.save_report(first, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::QueuedAgain);
    assert_eq!(f.number("SELECT generation FROM reports").await, job.generation.0);

    let processor = f.register("two").await;
    let again = f.take(processor, Lane::Priority).await.pop().unwrap();
    assert_eq!((again.attempts, again.deaths), (1, 0));
    assert!(again.generation > job.generation);
    let second = report(id(1), again.generation);
    let answer = f.processor.save_report(second, &again, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::Completed);
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 1);
}

#[tokio::test]
async fn generation_outlives_the_job_in_the_report() {
    let f = Fixture::new().await;
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let job = f.taken().await;
    let row = report(id(1), job.generation);
    f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    // As if that run's clock had been an hour ahead.
    f.sql("UPDATE reports SET generation = generation + 3600000").await;
    cron.ask_job(id(1), Lane::Reprocess, Timestamp::midnight(day())).await.unwrap();
    let processor = f.register("two").await;
    let again = f.take(processor, Lane::Reprocess).await.pop().unwrap();
    assert_eq!(again.generation.0, job.generation.0 + 3_600_001);
}

#[tokio::test]
async fn queue_is_counted_by_lane_and_state() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1), id(2), id(3)]).await;
    f.processor.take_jobs(processor, Lane::Standard, 1, LEASE).await.unwrap();
    let depths: Vec<_> = f
        .monitor
        .queue_depths()
        .await
        .unwrap()
        .into_iter()
        .map(|depth| (depth.lane, depth.state, depth.jobs))
        .collect();
    let standard = |state: &str, jobs| (Lane::Standard, state.to_owned(), jobs);
    assert_eq!(depths, [standard("queued", 2), standard("taken", 1)]);
}

#[tokio::test]
async fn inserted_job_wakes_a_listener() {
    let f = Fixture::new().await;
    let mut listener = f.processor.listen();
    let patience = Duration::from_secs(30);
    // The first word says that it hears.
    tokio::time::timeout(patience, listener.word()).await.unwrap();
    f.insert(&[id(1)]).await;
    tokio::time::timeout(patience, listener.word()).await.unwrap();
}

#[tokio::test]
async fn only_a_job_that_is_queued_once_more_wakes_listeners_at_its_end() {
    let f = Fixture::new().await;
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let processor = f.register("one").await;
    f.insert(&[id(1), id(2)]).await;
    let jobs = f.take(processor, Lane::Standard).await;
    let at = Timestamp::midnight(day());
    assert_eq!(cron.ask_job(id(1), Lane::Reprocess, at).await.unwrap(), AskedState::Taken);
    let mut listener = f.processor.listen();
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, listener.word()).await.unwrap();
    let of = |wanted| jobs.iter().find(|job| job.crash_id == wanted).unwrap();
    let end = async |job: &TakenJob| {
        let row = report(job.crash_id, job.generation);
        f.processor.save_report(row, job, JobOutcome::Processed).await.unwrap()
    };
    assert_eq!(end(of(id(2))).await, Completion::Completed);
    // A word would come at once.
    let silence = tokio::time::timeout(Duration::from_secs(1), listener.word()).await;
    assert!(silence.is_err(), "nothing is to be taken");
    assert_eq!(end(of(id(1))).await, Completion::QueuedAgain);
    tokio::time::timeout(patience, listener.word()).await.unwrap();
}
