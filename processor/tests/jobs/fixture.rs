//! A processor with all that it needs, each part real and of the test's own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, CrashStore, DumpName, ProcessedDocument, RawEnvelope, Timestamp};
use auxilio_database::{Database, DbRole, migrate};
use auxilio_disk_store::DiskStore;
use auxilio_processor::Config;
use auxilio_service::clock::SystemRandom;
use auxilio_service::{Shell, Shutdown, Version, metrics};
use auxilio_signature::{CrashData, Lists, generate};
use auxilio_stackwalk::{Pool, PoolOptions};
use auxilio_testkit::crashme::{self, Kind, Options};
use auxilio_testkit::interposed_store::InterposedStore;
use auxilio_testkit::postgres::{self, Server};
use auxilio_testkit::published;
use auxilio_testkit::raw::Recipe;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::gate::GatedStore;

/// How long anything may take before a test has failed. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Parts of one test.
pub(crate) struct Fixture {
    pub(crate) store: Arc<DiskStore>,
    /// As the monitor.
    pub(crate) monitor: Database,
    pub(crate) database: postgres::Database,
    config: auxilio_database::Config,
    pub(crate) folder: TempDir,
}

/// A processor that runs.
pub(crate) struct Running {
    pub(crate) shutdown: Shutdown,
    ended: JoinHandle<()>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::over(Server::shared().unwrap()).await
    }

    /// With a server of its own, for a test that stops it.
    pub(crate) async fn with_own_server() -> Self {
        let server = Arc::new(Server::start_new().unwrap());
        Self::over(server).await
    }

    async fn over(server: Arc<Server>) -> Self {
        // The synchronous client wants a thread without a runtime.
        let prepared =
            thread::spawn(move || server.database(|server, name| prepare(&config(server, name))));
        let database = prepared.join().unwrap().unwrap();
        let config = config(&database.server, &database.name);
        let folder = tempfile::tempdir().unwrap();
        let store = disk_store(folder.path());
        let monitor = Database::connect(&config, DbRole::Monitor).unwrap();
        monitor.ensure_partitions_ahead().await.unwrap();
        Self { store: Arc::new(store), monitor, database, config, folder }
    }

    /// Stores a raw crash.
    pub(crate) async fn put(&self, recipe: Recipe) -> CrashId {
        let envelope = recipe.envelope();
        let crash_id = envelope.raw_crash().crash_id;
        self.store.put_raw(Arc::new(envelope)).await.unwrap();
        crash_id
    }

    /// Runs a statement as the database's owner.
    pub(crate) fn sql(&self, sql: &str) {
        // The synchronous client wants a thread without a runtime.
        let run = || self.database.client().unwrap().batch_execute(sql).unwrap();
        thread::scope(|scope| scope.spawn(run).join()).unwrap();
    }

    /// Queues a crash as the monitor does.
    pub(crate) async fn queue(&self, crash_id: CrashId) {
        let received_at = Timestamp::midnight(crash_id.day());
        self.monitor.insert_jobs(&[IndexEntry { received_at, crash_id }]).await.unwrap();
    }

    /// Asks for a crash as somebody who waits does.
    pub(crate) async fn ask(&self, crash_id: CrashId, lane: auxilio_common::Lane) {
        let received_at = Timestamp::midnight(crash_id.day());
        let middleware = Database::connect(&self.config, DbRole::Owner).unwrap();
        middleware.ask_job(crash_id, lane, received_at).await.unwrap();
    }

    /// Starts a processor whose walkers are this program.
    pub(crate) fn start(&self) -> Running {
        self.start_with("stackwalk-worker")
    }

    /// Starts a processor whose walkers end by a signal at their first dump.
    pub(crate) fn start_with_dying_walkers(&self) -> Running {
        self.start_with("dying-worker")
    }

    fn start_with(&self, verb: &str) -> Running {
        start(self.folder.path(), &self.config, Arc::clone(&self.store) as _, verb)
    }

    /// Starts a processor over another store.
    pub(crate) fn start_over(&self, store: GatedStore) -> Running {
        start(
            self.folder.path(),
            &self.config,
            Arc::new(InterposedStore(store)),
            "stackwalk-worker",
        )
    }

    /// The same store once more, without a gate yet.
    pub(crate) fn gated(&self) -> GatedStore {
        GatedStore::new(disk_store(self.folder.path()))
    }

    pub(crate) fn port(&self) -> u16 {
        self.database.server.port()
    }

    /// Takes back what nobody renews, as the monitor does, until the crash's job is queued again.
    pub(crate) async fn lease_is_lost(&self, crash_id: CrashId) {
        until("the lease was taken back", async || {
            self.monitor.sweep_jobs(PATIENCE).await.is_ok_and(|sweep| sweep.lost_leases > 0)
        })
        .await;
        assert!(self.monitor.job(crash_id).await.unwrap().is_some());
    }

    pub(crate) fn symbols_dir(&self) -> PathBuf {
        self.folder.path().join("symbols")
    }

    /// The processed crash with its envelope, which must be there.
    pub(crate) async fn document(&self, crash_id: CrashId) -> ProcessedDocument {
        self.store.get_processed(crash_id).await.unwrap().unwrap()
    }

    /// What is kept beside the row is signed as the processor signed the crash.
    async fn is_signed_alike(&self, document: &ProcessedDocument) {
        let cron = Database::connect(&self.config, DbRole::Cron).unwrap();
        let crash_id = document.envelope.crash_id;
        let crashes = cron.signed_crashes(crash_id.day(), None, 100).await.unwrap();
        let row = crashes.into_iter().find(|crash| crash.crash_id == crash_id).unwrap();
        let line = row.frames.as_ref().map(|frames| frames.line().unwrap());
        assert_eq!(line.as_deref(), document.crash.text("signature_input"));
        // Documents that a test made have none.
        let Some(line) = line else { return };
        let made = generate(&CrashData::from_json(&line).unwrap(), Lists::built_in());
        assert_eq!(Some(&*made.signature), document.crash.text("signature"));
        assert_eq!(row.signature.as_deref(), document.crash.text("signature"));
        let key = made.group_key.map(|key| key.to_string());
        assert_eq!(key.as_deref(), document.crash.text("group_key"));
        assert_eq!(row.group_key, key);
    }

    /// Waits for the end of a crash's job, and that row and store say the same of it.
    pub(crate) async fn ended(&self, crash_id: CrashId) -> ProcessedDocument {
        until("the job has ended", async || {
            self.monitor.job(crash_id).await.is_ok_and(|job| job.is_none())
        })
        .await;
        let document = self.document(crash_id).await;
        published::assert_processed(&Value::Object(document.crash.to_map()));
        let reader = Database::connect(&self.config, DbRole::Middleware).unwrap();
        let row = reader.report_row(crash_id).await.unwrap().unwrap();
        assert_eq!(row.generation, document.envelope.generation);
        assert_eq!(row.quality, document.envelope.quality);
        self.is_signed_alike(&document).await;
        document
    }
}

impl Running {
    /// Tells the processor to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        tokio::time::timeout(PATIENCE, self.ended).await.unwrap().unwrap();
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waited).await.is_ok(), "not in time: {what}");
}

/// Jobs that ended in this program with a word.
pub(crate) fn ends(word: &str) -> u64 {
    let line = format!("auxilio_processor_jobs_ended_total{{outcome=\"{word}\"}} ");
    let text = metrics::install().unwrap().render();
    text.lines().find_map(|found| found.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
}

/// A crash that was sent today, without a dump.
pub(crate) fn crash(seed: u64) -> Recipe {
    let day = "20261124".parse().unwrap();
    Recipe::new(day, seed).without_dumps().throttle(auxilio_common::Throttle::Accept)
}

/// A real crash's minidump.
pub(crate) fn real_dump(kind: Kind) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    crashme::dump(kind, Options::default(), &path).unwrap();
    std::fs::read(path).unwrap()
}

/// A crash with this as its main minidump.
pub(crate) fn crash_with(seed: u64, bytes: Vec<u8>) -> Recipe {
    crash(seed).dump(DumpName::main(), bytes)
}

/// Starts a processor on these parts; its walkers are this program under a verb.
pub(crate) fn start(
    folder: &Path,
    database: &auxilio_database::Config,
    store: Arc<dyn CrashStore>,
    verb: &str,
) -> Running {
    let symbols = folder.join("symbols");
    let options = PoolOptions {
        arguments: vec![verb.into()],
        ..PoolOptions::new(vec![symbols.clone()], folder.join("cache"), 2)
    };
    let shutdown = Shutdown::new();
    let shell = Shell::new("processor", Version { version: "0", commit: "0" }, shutdown.clone());
    let config = Config {
        admin_address: "127.0.0.1:0".parse().unwrap(),
        workers: 2,
        lease_secs: 3,
        heartbeat_secs: 1,
        poll_ms: 100,
        symbols_dirs: vec![symbols],
        ..Config::default()
    };
    let database = Database::connect(database, DbRole::Processor).unwrap();
    let role = auxilio_processor::run(config, store, database, Pool::new(options), shell);
    let ended = tokio::spawn(async move { role.await.unwrap() });
    Running { shutdown, ended }
}

/// The store of a test's folder.
pub(crate) fn disk_store(folder: &Path) -> DiskStore {
    let dir = folder.join("store");
    DiskStore::new(auxilio_disk_store::Config { dir }, Arc::new(SystemRandom))
}

fn config(server: &Server, database: &str) -> auxilio_database::Config {
    database_config(server.port(), database)
}

/// How a test's database is reached.
pub(crate) fn database_config(port: u16, database: &str) -> auxilio_database::Config {
    auxilio_database::Config {
        port,
        user: postgres::USER.into(),
        database: database.into(),
        ..auxilio_database::Config::default()
    }
}

fn prepare(config: &auxilio_database::Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(migrate(config))?;
    Ok(())
}
