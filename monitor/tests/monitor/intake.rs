//! From the index to the queue: by a hint, by a scan, and never twice.

use std::time::Duration;

use auxilio_common::{JobOutcome, Lane, Quality, Throttle};
use auxilio_database::{DbRole, Report};
use auxilio_monitor::Config;

use crate::fixture::{Fixture, eventually};

#[tokio::test]
async fn hinted_crash_is_queued_assigned_and_gone_from_the_index() {
    let f = Fixture::new();
    let processor = f.as_role(DbRole::Processor);
    let number = processor.register_processor("one", 2, &[Lane::Standard]).await.unwrap();
    let monitor = f.settled_monitor(|_| {}).await;
    let entry = f.crash(1).await;
    assert_eq!(monitor.hint(2, &[&entry]).await, Some(202));
    f.until_queued(&entry).await;
    let lease = Duration::from_mins(1);
    let jobs = processor.take_jobs(number, Lane::Standard, 9, lease).await.unwrap();
    assert!(jobs.iter().any(|job| job.crash_id == entry.crash_id), "it was given to this one");
    let (status, queue) = monitor.get("/queue").await.unwrap();
    assert_eq!(status, 200);
    assert!(queue.contains(r#""name":"one""#) && queue.contains(r#""state":"taken""#), "{queue}");
    monitor.stop().await;
}

#[tokio::test]
async fn whatever_waits_at_the_start_is_queued() {
    let f = Fixture::new();
    let mut entries = Vec::new();
    for seed in 0..25 {
        entries.push(f.crash(seed).await);
    }
    let monitor = f.monitor(|config| config.scan_batch_rows = 4);
    for entry in &entries {
        f.until_queued(entry).await;
    }
    monitor.stop().await;
}

#[tokio::test]
async fn lost_hint_is_made_good_by_a_scan() {
    let f = Fixture::new();
    let monitor = f.settled_monitor(|_| {}).await;
    let told = f.crash(1).await;
    assert_eq!(monitor.hint(2, &[&told]).await, Some(202));
    f.until_queued(&told).await;
    let untold = f.crash(2).await;
    assert_eq!(monitor.hint(4, &[]).await, Some(202), "the third was lost");
    f.until_queued(&untold).await;
    monitor.stop().await;
}

#[tokio::test]
async fn recent_crash_is_found_without_any_hint() {
    let f = Fixture::new();
    let change = |config: &mut Config| {
        config.scan_recent_every_secs = 1;
        // The crashes of these tests are of 2012, and so they are recent.
        config.scan_recent_reach_secs = 100 * 366 * 86_400;
    };
    let monitor = f.settled_monitor(change).await;
    let entry = f.crash(1).await;
    f.until_queued(&entry).await;
    monitor.stop().await;
}

#[tokio::test]
async fn hint_without_its_row_queues_nothing() {
    let f = Fixture::new();
    let monitor = f.settled_monitor(|_| {}).await;
    let gone = f.crash(1).await;
    f.store.remove_index(std::slice::from_ref(&gone)).await.unwrap();
    let there = f.crash(2).await;
    assert_eq!(monitor.hint(2, &[&gone, &there]).await, Some(202));
    f.until_queued(&there).await;
    assert!(!f.is_queued(gone.crash_id).await);
    monitor.stop().await;
}

#[tokio::test]
async fn malformed_hints_are_refused() {
    let f = Fixture::new();
    let monitor = f.settled_monitor(|_| {}).await;
    assert_eq!(monitor.post(b"{".to_vec()).await, Some(400));
    let unknown_id = br#"{"mover":"m","number":1,"entries":[{"received_at":"x","crash_id":"y"}]}"#;
    assert_eq!(monitor.post(unknown_id.to_vec()).await, Some(422));
    let large = format!(r#"{{"mover":"{}","number":1,"entries":[]}}"#, "m".repeat(1 << 20));
    assert_eq!(monitor.post(large.into_bytes()).await, Some(413));
    monitor.stop().await;
}

#[tokio::test]
async fn monitor_that_died_between_queue_and_index_left_nothing_to_do_twice() {
    let f = Fixture::new();
    let entry = f.crash(1).await;
    f.as_role(DbRole::Monitor).insert_jobs(std::slice::from_ref(&entry)).await.unwrap();
    let monitor = f.monitor(|_| {});
    eventually("the row is gone", async || f.index_is_empty().await).await;
    let depths = f.as_role(DbRole::Monitor).queue_depths().await.unwrap();
    assert_eq!(depths.iter().map(|depth| depth.jobs).sum::<u64>(), 1);
    monitor.stop().await;
}

#[tokio::test]
async fn row_that_comes_back_after_its_report_goes_without_a_job() {
    let f = Fixture::new();
    let entry = f.crash(1).await;
    let processor = f.as_role(DbRole::Processor);
    let number = processor.register_processor("one", 2, &[Lane::Standard]).await.unwrap();
    f.as_role(DbRole::Monitor).insert_jobs(std::slice::from_ref(&entry)).await.unwrap();
    let lease = Duration::from_mins(1);
    let job = processor.take_jobs(number, Lane::Standard, 1, lease).await.unwrap().remove(0);
    let report = Report::new(
        entry.crash_id,
        entry.received_at,
        job.generation,
        Quality::Clean,
        Throttle::Accept,
        100.0,
    );
    processor.save_report(report, &job, JobOutcome::Processed).await.unwrap();
    let monitor = f.monitor(|_| {});
    eventually("the row is gone", async || f.index_is_empty().await).await;
    assert!(!f.is_queued(entry.crash_id).await);
    monitor.stop().await;
}
