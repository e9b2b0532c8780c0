//! Asking for crashes: ones on their way, and many at once.

use std::time::Duration;

use auxilio_common::limits::{WAITING_JOBS_MAX, WAITING_JOBS_PER_CLIENT_MAX};
use auxilio_common::{CrashId, JobOutcome, Lane, Timestamp};
use auxilio_database::{AskedState, Database, DbRole};

use crate::fixture::{Fixture, LEASE, day, entry, id, report};

fn as_middleware(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Middleware).unwrap()
}

fn at() -> Timestamp {
    Timestamp::midnight(day())
}

/// An id of its own for each number, beyond what [`id`] can count.
fn wide_id(number: u64) -> CrashId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    CrashId::issue(bytes, 0, day())
}

#[tokio::test]
async fn crash_on_its_way_is_waited_for_once_and_queued_first_when_it_comes() {
    let f = Fixture::new().await;
    let middleware = as_middleware(&f);
    let mut words = f.monitor.listen_for_waiting();
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, words.word()).await.unwrap();
    for _ in 0..2 {
        let asked = middleware.await_raw(id(1), "192.0.2.1").await.unwrap();
        assert_eq!(asked, AskedState::WaitingForRaw);
    }
    tokio::time::timeout(patience, words.word()).await.unwrap();
    assert_eq!(f.monitor.waiting_jobs(None).await.unwrap(), [id(1)]);
    let processor = f.register("one").await;
    assert!(f.take(processor, Lane::Priority).await.is_empty(), "there is nothing to process");

    assert_eq!(f.monitor.queue_arrived(&[(id(1), at()), (id(2), at())]).await.unwrap(), 1);
    assert_eq!(f.monitor.queue_arrived(&[(id(1), at())]).await.unwrap(), 0);
    assert!(f.monitor.waiting_jobs(None).await.unwrap().is_empty());
    let kept = "SELECT count(*) FROM jobs WHERE asked_by IS NOT NULL";
    assert_eq!(f.number(kept).await, 0, "nobody needs the address any more");
    let job = f.take(processor, Lane::Priority).await.pop().unwrap();
    assert_eq!(job.crash_id, id(1));
    let taken = middleware.await_raw(id(1), "192.0.2.1").await.unwrap();
    assert_eq!(taken, AskedState::Taken);
}

#[tokio::test]
async fn waiting_crash_that_the_index_brings_is_queued_first_as_well() {
    let f = Fixture::new().await;
    as_middleware(&f).await_raw(id(1), "192.0.2.1").await.unwrap();
    f.insert(&[id(1)]).await;
    let processor = f.register("one").await;
    assert_eq!(f.take(processor, Lane::Priority).await.len(), 1);
}

#[tokio::test]
async fn waiting_crash_that_is_asked_for_from_the_store_is_queued() {
    let f = Fixture::new().await;
    let middleware = as_middleware(&f);
    middleware.await_raw(id(1), "192.0.2.1").await.unwrap();
    let asked = middleware.ask_job(id(1), Lane::Reprocess, at()).await.unwrap();
    assert_eq!(asked, AskedState::Queued);
    let processor = f.register("one").await;
    assert_eq!(f.take(processor, Lane::Priority).await.len(), 1, "somebody still waits for it");
}

#[tokio::test]
async fn queued_job_is_raised_by_who_waits_for_its_raw_crash() {
    let f = Fixture::new().await;
    f.register("one").await;
    f.insert(&[id(1)]).await;
    let asked = as_middleware(&f).await_raw(id(1), "192.0.2.1").await.unwrap();
    assert_eq!(asked, AskedState::Queued);
    let other = f.register("two").await;
    assert_eq!(f.take(other, Lane::Priority).await.len(), 1);
}

#[tokio::test]
async fn one_client_and_all_clients_have_a_bound() {
    let f = Fixture::new().await;
    let middleware = as_middleware(&f);
    let all = u64::try_from(WAITING_JOBS_MAX).unwrap();
    let each = u64::try_from(WAITING_JOBS_PER_CLIENT_MAX).unwrap();
    for number in 0..each {
        let asked = middleware.await_raw(wide_id(number), "192.0.2.1").await.unwrap();
        assert_eq!(asked, AskedState::WaitingForRaw);
    }
    let asked = middleware.await_raw(wide_id(each), "192.0.2.1").await.unwrap();
    assert_eq!(asked, AskedState::TooMany);
    let known = middleware.await_raw(wide_id(0), "192.0.2.1").await.unwrap();
    assert_eq!(known, AskedState::WaitingForRaw, "what is there already may be asked for again");
    for number in each..all {
        let client = format!("client {}", number / each);
        let asked = middleware.await_raw(wide_id(number), &client).await.unwrap();
        assert_eq!(asked, AskedState::WaitingForRaw);
    }
    let asked = middleware.await_raw(wide_id(all), "192.0.2.9").await.unwrap();
    assert_eq!(asked, AskedState::TooMany);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, WAITING_JOBS_MAX);
}

#[tokio::test]
async fn crash_that_never_comes_ends_so_after_the_spool_s_age() {
    let f = Fixture::new().await;
    let middleware = as_middleware(&f);
    let age = Duration::from_hours(24);
    for number in 1..=3 {
        middleware.await_raw(id(number), "192.0.2.1").await.unwrap();
    }
    let missing = [id(1), id(2)];
    assert_eq!(f.monitor.give_up_waiting(&missing, age).await.unwrap(), 0);
    f.sql("UPDATE jobs SET queued_at = now() - interval '1 day'").await;
    let young = f.monitor.waiting_jobs(Some(Duration::from_mins(1))).await.unwrap();
    assert!(young.is_empty());
    assert_eq!(f.monitor.give_up_waiting(&missing, age).await.unwrap(), 2);
    let outcomes = "SELECT count(*) FROM job_outcomes WHERE outcome = 'never_arrived'";
    assert_eq!(f.number(outcomes).await, 2);
    assert_eq!(f.monitor.waiting_jobs(None).await.unwrap(), [id(3)], "nobody looked for it");
}

#[tokio::test]
async fn many_are_asked_for_in_one_call_each_with_its_own_answer() {
    let f = Fixture::new().await;
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let job = f.taken().await;
    let row = report(id(1), job.generation);
    f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    // As if that run's clock had been an hour ahead.
    f.sql("UPDATE reports SET generation = generation + 3600000").await;
    f.monitor.insert_jobs(&[entry(id(2), 0)]).await.unwrap();
    f.monitor.insert_jobs(&[entry(id(3), 1)]).await.unwrap();
    let processor = f.register("two").await;
    let taken = f.processor.take_jobs(processor, Lane::Standard, 1, LEASE).await.unwrap();
    assert_eq!(taken[0].crash_id, id(2));

    let crashes = [(id(1), None), (id(2), Some(at())), (id(3), Some(at())), (id(1), None)];
    let mut answers = cron.ask_jobs(&crashes, Lane::Reprocess).await.unwrap();
    answers.sort_by_key(|(id, _)| *id);
    let expected =
        [(id(1), AskedState::Queued), (id(2), AskedState::Taken), (id(3), AskedState::Queued)];
    assert_eq!(answers, expected);
    let again = f.take(processor, Lane::Reprocess).await.pop().unwrap();
    assert_eq!(again.generation.0, job.generation.0 + 3_600_001);
    assert_eq!(f.take(processor, Lane::Standard).await[0].crash_id, id(3), "its lane is higher");
}

#[tokio::test]
async fn what_was_asked_for_during_a_run_that_failed_is_run_once_more_and_no_oftener() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let middleware = as_middleware(&f);
    middleware.ask_job(id(1), Lane::Priority, at()).await.unwrap();
    assert!(f.processor.return_job(&job, Duration::ZERO).await.unwrap());
    let processor = f.register("two").await;
    let job = f.take(processor, Lane::Priority).await.pop().unwrap();
    let row = report(id(1), job.generation);
    f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
}
