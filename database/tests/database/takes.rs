//! Taking and keeping jobs: order, lanes, assignment, leases, generations.

use std::time::Duration;

use auxilio_common::{CrashId, Lane, Timestamp};
use auxilio_database::{Error, ProcessorId};

use crate::fixture::{DEAD_AFTER, Fixture, HOLD, LEASE, entry, id};

fn ids(jobs: &[auxilio_common::job::TakenJob]) -> Vec<CrashId> {
    jobs.iter().map(|job| job.crash_id).collect()
}

#[tokio::test]
async fn oldest_is_taken_first_and_once() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(3), id(1), id(2)]).await;
    let two = f.processor.take_jobs(processor, Lane::Standard, 2, LEASE).await.unwrap();
    assert_eq!(ids(&two), [id(3), id(1)]);
    assert_eq!(ids(&f.take(processor, Lane::Standard).await), [id(2)]);
    assert!(f.take(processor, Lane::Standard).await.is_empty());
    assert_eq!((two[0].attempts, two[0].deaths, two[0].lane), (1, 0, Lane::Standard));
    assert_ne!(two[0].token, two[1].token);
}

#[tokio::test]
async fn lanes_are_apart() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1)]).await;
    assert!(f.take(processor, Lane::Priority).await.is_empty());
    assert!(f.take(processor, Lane::Reprocess).await.is_empty());
    assert_eq!(f.take(processor, Lane::Standard).await.len(), 1);
}

#[tokio::test]
async fn assigned_job_is_its_owner_s_until_the_hold_ends() {
    let f = Fixture::new().await;
    let one = f.register("one").await;
    f.insert(&[id(1), id(2)]).await;
    let two = f.register("two").await;
    assert!(f.take(two, Lane::Standard).await.is_empty());
    let mine = f.processor.take_jobs(one, Lane::Standard, 1, LEASE).await.unwrap();
    assert_eq!(ids(&mine), [id(1)]);
    f.sql("UPDATE jobs SET assigned_until = now() - interval '1 ms' WHERE state = 'queued'").await;
    assert_eq!(ids(&f.take(two, Lane::Standard).await), [id(2)]);
}

#[tokio::test]
async fn most_free_capacity_gets_the_next_job_and_nobody_more_than_fits() {
    let f = Fixture::new().await;
    let lanes = [Lane::Standard];
    let small = f.processor.register_processor("small", 1, &lanes).await.unwrap();
    let large = f.processor.register_processor("large", 3, &lanes).await.unwrap();
    let dead = f.processor.register_processor("dead", 9, &lanes).await.unwrap();
    let past = "UPDATE processors SET heartbeat_at = now() - interval '1 hour' WHERE name = 'dead'";
    f.sql(past).await;
    f.insert(&[id(1), id(2), id(3), id(4), id(5), id(6)]).await;
    let owners: Vec<Option<i64>> = f
        .sql("SELECT owner FROM jobs ORDER BY received_at")
        .await
        .iter()
        .map(|row| row.get(0))
        .collect();
    let (small, large) = (Some(small.0), Some(large.0));
    assert_eq!(owners[..2], [large, large]);
    assert_eq!(owners.iter().filter(|owner| **owner == large).count(), 3);
    assert_eq!(owners.iter().filter(|owner| **owner == small).count(), 1);
    assert_eq!(owners[4..], [None, None], "what fits nobody is free for all");
    assert!(!owners.contains(&Some(dead.0)));
    assert_eq!(f.monitor.assign_jobs(HOLD, DEAD_AFTER).await.unwrap(), 0);
}

#[tokio::test]
async fn two_takers_at_once_never_get_the_same_job() {
    let f = Fixture::new().await;
    let one = f.register("one").await;
    let all: Vec<CrashId> = (0..60).map(id).collect();
    f.insert(&all).await;
    f.sql("UPDATE jobs SET owner = NULL, assigned_until = NULL").await;
    let takers: Vec<_> = (0..6)
        .map(|_| {
            let database = f.processor.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let jobs = database.take_jobs(one, Lane::Standard, 3, LEASE).await.unwrap();
                    if jobs.is_empty() {
                        return taken;
                    }
                    taken.extend(ids(&jobs));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    // A taker may leave while another's choice is still locked, but nothing is taken twice.
    taken.extend(ids(&f.processor.take_jobs(one, Lane::Standard, 60, LEASE).await.unwrap()));
    taken.sort();
    assert_eq!(taken, all);
}

#[tokio::test]
async fn unregistered_processor_takes_nothing_and_is_told() {
    let f = Fixture::new().await;
    f.insert(&[id(1)]).await;
    let error = f.processor.take_jobs(ProcessorId(99), Lane::Standard, 1, LEASE).await.unwrap_err();
    assert!(matches!(error, Error::UnknownProcessor { .. }), "{error}");
}

#[tokio::test]
async fn expired_lease_is_taken_back_counted_and_taken_anew() {
    let f = Fixture::new().await;
    let first = f.taken().await;
    assert_eq!(f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap().lost_leases, 0);
    f.sql("UPDATE jobs SET lease_until = now() - interval '1 ms'").await;
    assert_eq!(f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap().lost_leases, 1);
    let two = f.register("two").await;
    let second = f.take(two, Lane::Standard).await.pop().unwrap();
    assert_eq!((second.crash_id, second.attempts), (first.crash_id, 2));
    assert!(second.token != first.token && second.generation > first.generation);
    assert_eq!(f.number("SELECT lost_leases::bigint FROM jobs").await, 1);
    let held = f.processor.renew_leases([&first], LEASE).await.unwrap();
    assert!(held.is_empty(), "the first holder's lease is gone");
}

#[tokio::test]
async fn dead_processor_s_jobs_come_back_before_their_leases_end() {
    let f = Fixture::new().await;
    let one = f.register("one").await;
    f.insert(&[id(1)]).await;
    f.take(one, Lane::Standard).await;
    f.sql("UPDATE processors SET heartbeat_at = now() - interval '16 seconds'").await;
    let swept = f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap();
    assert_eq!((swept.dead_processors, swept.lost_leases), (1, 1));
    assert!(!f.processor.heartbeat_processor(one).await.unwrap());
    let two = f.register("two").await;
    assert!(f.processor.heartbeat_processor(two).await.unwrap());
    assert_eq!(f.take(two, Lane::Standard).await.len(), 1);
}

#[tokio::test]
async fn leaving_gives_back_at_once_and_counts_nothing() {
    let f = Fixture::new().await;
    let one = f.register("one").await;
    f.insert(&[id(1), id(2)]).await;
    f.processor.take_jobs(one, Lane::Standard, 1, LEASE).await.unwrap();
    assert_eq!(f.processor.leave_processor(one).await.unwrap(), 2);
    let two = f.register("two").await;
    assert_eq!(f.take(two, Lane::Standard).await.len(), 2);
    assert_eq!(f.number("SELECT sum(lost_leases) FROM jobs").await, 0);
    let names: Vec<_> =
        f.monitor.processors().await.unwrap().into_iter().map(|p| (p.name, p.taken)).collect();
    assert_eq!(names, [("two".to_owned(), 2)]);
}

#[tokio::test]
async fn renewing_prolongs_what_is_held() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let held = f.processor.renew_leases([&job], Duration::from_hours(1)).await.unwrap();
    assert!(held.contains(&job.crash_id));
    let later = "SELECT count(*) FROM jobs WHERE lease_until > now() + interval '50 minutes'";
    assert_eq!(f.number(later).await, 1);
}

#[tokio::test]
async fn generation_is_above_the_arrival_and_the_last_one_whatever_the_clocks_say() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    // A collector whose clock runs a day ahead.
    let ahead =
        Timestamp::from_micros(f.number("SELECT (extract(epoch FROM now()) * 1e6)::bigint").await)
            .plus(Duration::from_hours(24));
    let mut skewed = entry(id(1), 0);
    skewed.received_at = ahead;
    f.monitor.insert_jobs(&[skewed]).await.unwrap();
    let first = f.take(processor, Lane::Standard).await.pop().unwrap();
    assert_eq!(first.generation.0, ahead.millis() + 1, "and it is due today");
    assert!(f.processor.return_job(&first, Duration::ZERO).await.unwrap());
    let second = f.take(processor, Lane::Standard).await.pop().unwrap();
    assert_eq!(second.generation.0, first.generation.0 + 1);
}
