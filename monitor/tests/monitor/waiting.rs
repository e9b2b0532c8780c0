//! Crashes that somebody asks for before the store has them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auxilio_common::{CrashId, Lane, Throttle};
use auxilio_database::{AskedState, DbRole};
use auxilio_service::{Shell, Shutdown, Version, http};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

use crate::fixture::{Fixture, eventually, recipe};

/// A crashmover's ear: the ids that were wanted, list by list.
async fn listen(shutdown: &Shutdown) -> (String, Arc<Mutex<Vec<Vec<CrashId>>>>) {
    let lists: Arc<Mutex<Vec<_>>> = Arc::default();
    let heard = Arc::clone(&lists);
    let take = post(|Json(body): Json<Value>| async move {
        let ids = serde_json::from_value(body["ids"].clone()).unwrap();
        heard.lock().unwrap().push(ids);
    });
    let version = Version { version: "0", commit: "0" };
    let shell = Shell::new("crashmover", version, shutdown.clone());
    let listener = http::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), &shell).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/wanted", take);
    tokio::spawn(async move { http::serve(listener, router, &shell).await });
    (url, lists)
}

#[tokio::test]
async fn crash_on_its_way_is_wanted_from_every_crashmover_and_queued_first_when_it_comes() {
    let f = Fixture::new();
    let movers = Shutdown::new();
    let (one, heard_by_one) = listen(&movers).await;
    let (two, heard_by_two) = listen(&movers).await;
    let urls = vec![one, "http://127.0.0.1:1".to_owned(), two];
    let monitor = f.settled_monitor(|config| config.crashmover_urls = urls).await;
    // A deferred crash: no hint and no index row will tell of it.
    let (deferred, entry) = recipe(1, Throttle::Defer);
    let middleware = f.as_role(DbRole::Middleware);
    let asked = middleware.await_raw(entry.crash_id, "192.0.2.1").await.unwrap();
    assert_eq!(asked, AskedState::WaitingForRaw);
    for heard in [&heard_by_one, &heard_by_two] {
        // Said again, for one that was lost.
        eventually("it is wanted", async || heard.lock().unwrap().len() >= 2).await;
        assert!(heard.lock().unwrap().iter().all(|ids| *ids == [entry.crash_id]));
    }
    f.store.put_raw(Arc::new(deferred.envelope())).await.unwrap();
    let processor = f.as_role(DbRole::Processor);
    let number = processor.register_processor("one", 2, &[Lane::Priority]).await.unwrap();
    let lease = Duration::from_mins(1);
    let mut taken = Vec::new();
    eventually("it can be taken", async || {
        let _alive = processor.heartbeat_processor(number).await.unwrap();
        taken = processor.take_jobs(number, Lane::Priority, 9, lease).await.unwrap();
        !taken.is_empty()
    })
    .await;
    assert_eq!(taken[0].crash_id, entry.crash_id);
    assert!(taken[0].generation.0 > entry.received_at.millis());
    movers.begin();
    monitor.stop().await;
}

#[tokio::test]
async fn crash_that_never_comes_is_given_up_but_not_while_the_store_is_away() {
    let f = Fixture::new();
    let (store, away) = (f.folder.path().join("store"), f.folder.path().join("away"));
    let (_, entry) = recipe(1, Throttle::Accept);
    let (_, other) = recipe(2, Throttle::Accept);
    let middleware = f.as_role(DbRole::Middleware);
    let movers = Shutdown::new();
    let (url, heard) = listen(&movers).await;
    // The store is made by its first crash, and then it goes.
    f.crash(3).await;
    fs::rename(&store, &away).unwrap();
    middleware.await_raw(entry.crash_id, "192.0.2.1").await.unwrap();
    let monitor = f.monitor(|config| {
        config.spool_age_max_secs = 0;
        config.crashmover_urls = vec![url];
    });
    eventually("it is wanted all the same", async || heard.lock().unwrap().len() >= 3).await;
    middleware.await_raw(other.crash_id, "192.0.2.1").await.unwrap();
    assert!(f.is_queued(entry.crash_id).await, "nobody knows whether the store has it");
    fs::rename(&away, &store).unwrap();
    for entry in [&entry, &other] {
        eventually("it is given up", async || !f.is_queued(entry.crash_id).await).await;
    }
    movers.begin();
    monitor.stop().await;
}
