//! Crashes that somebody waits for, deep in the backlog of a crashmover whose store is stuck.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::{CrashId, CrashStore, DumpName, StoreError};
use auxilio_crashmover::Config;
use auxilio_disk_store::DiskStore;
use auxilio_service::client::Client;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::interposed_store::{InterposedStore, Interposer, Moment};
use bytes::Bytes;
use support::{carried, crash_id, raw_crash};
use tokio::sync::watch;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Crashes before the wanted ones.
const BACKLOG: u64 = 10_000;

fn commit(spool: &Spool, number: u64, lane: Lane) -> std::path::PathBuf {
    let mut draft = spool.begin().unwrap();
    draft.begin_dump(DumpName::main()).unwrap();
    draft.write(b"dump").unwrap();
    draft.end_dump().unwrap();
    draft.commit(lane, raw_crash(number, lane)).unwrap().path
}

/// Puts older crashes before whatever is there, without the flushes of real ones: copies of one
/// file under other names, a hundred in a minute. No try carries them while the store is stuck.
fn pile_up(dir: &Path, one: &Path, count: u64) {
    for number in 0..count {
        let folder = dir.join(format!("standard/2012010100{:02}", number / 200));
        if number % 200 == 0 {
            fs::create_dir(&folder).unwrap();
        }
        let name = format!("{}.crash", crash_id(1_000_000 + number));
        fs::copy(one, folder.join(name)).unwrap();
    }
}

/// The real store, but puts of all crashes except the free ones wait until the gate opens.
struct Stuck {
    store: DiskStore,
    free: HashSet<CrashId>,
    open: watch::Receiver<bool>,
}

#[async_trait]
impl Interposer for Stuck {
    fn store(&self) -> &dyn CrashStore {
        &self.store
    }

    async fn pass(&self, moment: Moment, crash_id: CrashId) -> Result<(), StoreError> {
        if moment == Moment::PutRaw && !self.free.contains(&crash_id) {
            self.open.clone().wait_for(|open| *open).await.unwrap();
        }
        Ok(())
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let holding = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, holding).await.is_ok(), "never: {what}");
}

async fn post(client: &Client, address: SocketAddr, body: &str) -> Option<u16> {
    let url = format!("http://{address}/wanted");
    let headers = [("content-type", "application/json")];
    let answer = client.post(&url, &headers, Bytes::from(body.to_owned())).await.ok()?;
    Some(answer.status.as_u16())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wanted_crashes_of_both_lanes_pass_a_deep_backlog_and_a_stuck_store() {
    let dir = tempfile::tempdir().unwrap();
    let config = auxilio_spool::Config { dir: dir.path().join("spool"), ..Default::default() };
    let spool = Arc::new(
        Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom)).unwrap(),
    );
    let first = commit(&spool, 0, Lane::Standard);
    for number in 1..100 {
        commit(&spool, number, Lane::Standard);
        commit(&spool, 100 + number, Lane::Deferred);
    }
    pile_up(spool.dir(), &first, BACKLOG);
    let waiting =
        || Lane::ALL.iter().map(|lane| spool.source().depth(*lane).unwrap().count).sum::<u64>();
    let before = waiting();
    assert_eq!(before, BACKLOG + 199);

    let wanted = [crash_id(50), crash_id(150)];
    let (_gate, open) = watch::channel(false);
    let config = auxilio_disk_store::Config { dir: dir.path().join("store") };
    let store = DiskStore::new(config, Arc::new(SystemRandom));
    let store: Arc<dyn CrashStore> =
        Arc::new(InterposedStore(Stuck { store, free: wanted.into(), open }));
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let admin_address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let config = Config { admin_address, ..Config::default() };
    let shutdown = Shutdown::new();
    let shell = Shell::new("crashmover", Version { version: "0", commit: "0" }, shutdown.clone());
    let mover = {
        let (spools, store) = (vec![carried(&spool)], Arc::clone(&store));
        tokio::spawn(async move { auxilio_crashmover::run(config, spools, store, shell).await })
    };

    let client = Client::new(Duration::from_secs(10), 1 << 20);
    // The first and the last are nowhere, which holds up nobody.
    let ids: Vec<_> = [crash_id(7_777), wanted[0], wanted[1], crash_id(7_778)]
        .map(|id| format!("\"{id}\""))
        .into();
    let body = format!("{{\"ids\":[{}]}}", ids.join(","));
    until("the mover listens", async || post(&client, admin_address, &body).await == Some(202))
        .await;
    until("the wanted ones are carried", async || waiting() == before - 2).await;
    for id in wanted {
        assert!(store.get_raw(id).await.unwrap().is_some());
    }
    for body in ["{", r#"{"ids":["no id"]}"#, r#"{"ids":[],"more":1}"#, "[]"] {
        let status = post(&client, admin_address, body).await.unwrap();
        assert!([400, 422].contains(&status), "{body}: {status}");
    }
    let large = format!(r#"{{"ids":["{}"]}}"#, "0".repeat(1 << 20));
    assert_eq!(post(&client, admin_address, &large).await, Some(413));
    shutdown.begin();
    shutdown.cut();
    mover.await.unwrap().unwrap();
}
