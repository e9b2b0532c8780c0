//! One monitor is active, the next follows, and none ends for want of Postgres.

use std::sync::Arc;

use auxilio_testkit::postgres::Server;

use crate::fixture::{Fixture, eventually};

#[tokio::test]
async fn second_monitor_stands_by_and_follows() {
    let f = Fixture::new();
    let first = f.monitor(|_| {});
    first.until_active().await;
    let second = f.monitor(|_| {});
    let entry = f.crash(1).await;
    let stands_by = async || second.hint(1, &[&entry]).await == Some(409);
    eventually("the second stands by", stands_by).await;
    assert!(!f.is_queued(entry.crash_id).await);
    first.stop().await;
    // Becoming active it scans, whatever it was told before.
    f.until_queued(&entry).await;
    second.until_active().await;
    second.stop().await;
}

#[tokio::test]
async fn monitor_outlives_an_outage_of_postgres_and_catches_up() {
    let f = Fixture::on(Arc::new(Server::start_new().unwrap()));
    f.server().stop().unwrap();
    let monitor = f.monitor(|_| {});
    let is_sick = async || {
        monitor.get("/__heartbeat__").await.is_some_and(|(status, body)| {
            status == 503 && body.contains("postgres") && !body.contains("store")
        })
    };
    eventually("the heartbeat names postgres", is_sick).await;
    let early = f.crash(1).await;
    f.server().start().unwrap();
    f.until_queued(&early).await;

    f.server().stop().unwrap();
    let late = f.crash(2).await;
    let stands_by = async || monitor.hint(9, &[&late]).await == Some(409);
    eventually("the lead is lost", stands_by).await;
    f.server().start().unwrap();
    f.until_queued(&late).await;
    monitor.stop().await;
}
