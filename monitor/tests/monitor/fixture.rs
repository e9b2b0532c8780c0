//! A database, a store and as many monitors as a test wants.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, CrashStore, RawEnvelope as _, Throttle, Timestamp};
use auxilio_database::{Database, DbRole, migrate};
use auxilio_disk_store::DiskStore;
use auxilio_monitor::{Config, Hint, HintEntry};
use auxilio_service::client::Client;
use auxilio_service::clock::SystemRandom;
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_testkit::postgres::{self, Server};
use auxilio_testkit::raw::Recipe;
use bytes::Bytes;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Polls for a condition, and gives up after half a minute.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came about: {what}");
}

pub(crate) struct Fixture {
    pub(crate) database: auxilio_database::Config,
    pub(crate) store: Arc<dyn CrashStore>,
    server: postgres::Database,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::on(Server::shared().unwrap())
    }

    pub(crate) fn on(server: Arc<Server>) -> Self {
        // The synchronous client wants a thread without a runtime.
        let database = thread::spawn(move || {
            server.database(|server, name| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(migrate(&config(server, name)))?;
                Ok(())
            })
        })
        .join()
        .unwrap()
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let disk = auxilio_disk_store::Config { dir: folder.path().join("store") };
        Self {
            database: config(&database.server, &database.name),
            store: Arc::new(DiskStore::new(disk, Arc::new(SystemRandom))),
            server: database,
            folder,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server.server
    }

    pub(crate) fn as_role(&self, role: DbRole) -> Database {
        Database::connect(&self.database, role).unwrap()
    }

    /// Puts an accepted crash into the store, received long ago, and returns its index row.
    pub(crate) async fn crash(&self, seed: u64) -> IndexEntry {
        let (recipe, entry) = recipe(seed, Throttle::Accept);
        self.store.put_raw(Arc::new(recipe.envelope())).await.unwrap();
        entry
    }

    pub(crate) async fn is_queued(&self, crash_id: CrashId) -> bool {
        self.as_role(DbRole::Monitor).job(crash_id).await.unwrap().is_some()
    }

    pub(crate) async fn index_is_empty(&self) -> bool {
        self.store.read_index(None, 10).await.unwrap().is_empty()
    }

    /// Waits until a crash has gone from the index to the queue.
    pub(crate) async fn until_queued(&self, entry: &IndexEntry) {
        eventually("the crash is queued", async || self.is_queued(entry.crash_id).await).await;
        let rows = std::slice::from_ref(entry);
        let is_gone = async || self.store.get_index(rows).await.unwrap().is_empty();
        eventually("its index row is gone", is_gone).await;
    }

    /// A monitor that is active and has done its first scan, so that what comes now is found in
    /// another way.
    pub(crate) async fn settled_monitor(&self, change: impl FnOnce(&mut Config)) -> Monitor {
        let first = self.crash(u64::from(u16::MAX)).await;
        let monitor = self.monitor(change);
        self.until_queued(&first).await;
        monitor.until_active().await;
        monitor
    }

    pub(crate) fn monitor(&self, change: impl FnOnce(&mut Config)) -> Monitor {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut config = Config {
            admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            // What a test means to find by another way must not be found by these.
            scan_recent_every_secs: 3_600,
            scan_all_every_secs: 3_600,
            ..Config::default()
        };
        change(&mut config);
        let shutdown = Shutdown::new();
        let version = Version { version: "0", commit: "0" };
        let shell = Shell::new("monitor", version, shutdown.clone());
        let url = format!("http://{}", config.admin_address);
        let (store, database) = (Arc::clone(&self.store), self.as_role(DbRole::Monitor));
        let task = tokio::spawn(auxilio_monitor::run(config, store, database, shell));
        Monitor { url, shutdown, task, client: Client::new(Duration::from_secs(10), 1 << 20) }
    }
}

/// A crash that is nowhere yet, received long ago, and what would be its index row.
pub(crate) fn recipe(seed: u64, throttle: Throttle) -> (Recipe, IndexEntry) {
    let day = "20120615".parse().unwrap();
    let at = Timestamp::midnight(day).plus(Duration::from_secs(seed));
    let recipe = Recipe::new(day, seed).throttle(throttle).submitted_at(at);
    let crash_id = recipe.clone().envelope().raw_crash().crash_id;
    (recipe, IndexEntry { received_at: at, crash_id })
}

fn config(server: &Server, database: &str) -> auxilio_database::Config {
    auxilio_database::Config {
        port: server.port(),
        user: postgres::USER.into(),
        database: database.into(),
        ..auxilio_database::Config::default()
    }
}

/// A running monitor.
pub(crate) struct Monitor {
    pub(crate) url: String,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), auxilio_monitor::Error>>,
    client: Client,
}

impl Monitor {
    /// Sends a hint and returns the status of the answer; `None` if nobody listens.
    pub(crate) async fn hint(&self, number: u64, entries: &[&IndexEntry]) -> Option<u16> {
        let entries = entries
            .iter()
            .map(|entry| HintEntry { received_at: entry.received_at, crash_id: entry.crash_id })
            .collect();
        let hint = Hint { mover: "mover".into(), number, entries };
        self.post(serde_json::to_vec(&hint).unwrap()).await
    }

    pub(crate) async fn post(&self, body: Vec<u8>) -> Option<u16> {
        let headers = [("Content-Type", "application/json")];
        let url = format!("{}/hint", self.url);
        let answer = self.client.post(&url, &headers, Bytes::from(body)).await.ok()?;
        Some(answer.status.as_u16())
    }

    pub(crate) async fn get(&self, path: &str) -> Option<(u16, String)> {
        let answer = self.client.get(&format!("{}{path}", self.url), &[]).await.ok()?;
        Some((answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap()))
    }

    /// Waits until it leads: an empty hint is taken.
    pub(crate) async fn until_active(&self) {
        let is_active = async || self.hint(1, &[]).await == Some(202);
        eventually("the monitor is active", is_active).await;
    }

    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        self.task.await.unwrap().unwrap();
    }
}
