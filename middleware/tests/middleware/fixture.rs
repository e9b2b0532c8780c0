//! The middleware served for real, and short ways to say what tests say often.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::storage::IndexEntry;
use auxilio_common::{
    CrashId, CrashStore, Generation, JobOutcome, Lane, ProcessedCrash, ProcessedDocument,
    ProcessedEnvelope, Quality, Throttle, Timestamp,
};
use auxilio_database::{
    Database, DbRole, Insertion, NewChange, Report, Resigned, ResignedBatch, migrate,
};
use auxilio_disk_store::DiskStore;
use auxilio_middleware::{AdminToken, App, Config, router};
use auxilio_service::client::{Answer, Client};
use auxilio_service::clock::SystemRandom;
use auxilio_service::secret::Secret;
use auxilio_service::{Shell, Shutdown, Version, http};
use auxilio_testkit::postgres::{self, Server};
use serde_json::{Map, Value};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "the-admin-token-of-this-test";
pub(crate) const GENERATION: Generation = Generation(1_339_760_000_000);

/// A middleware on a port of its own, with all that stands behind it, until dropped.
pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) store: DiskStore,
    pub(crate) server: Arc<Server>,
    pub(crate) folder: TempDir,
    database: auxilio_database::Config,
    client: Client,
    shutdown: Shutdown,
    _database: postgres::Database,
}

impl Service {
    /// With the Postgres that all tests share.
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(config: Config) -> Self {
        Self::before(Server::shared().unwrap(), &config).await
    }

    /// With a Postgres of its own, for a test that stops it.
    pub(crate) async fn start_alone() -> Self {
        let server = thread::spawn(|| Server::start_new().unwrap()).join().unwrap();
        Self::before(Arc::new(server), &config()).await
    }

    async fn before(server: Arc<Server>, config: &Config) -> Self {
        let ours = Arc::clone(&server);
        // The synchronous client wants a thread without a runtime.
        let copy = move || {
            ours.database(|server, name| {
                prepare(&settings(server, name));
                Ok(())
            })
        };
        let copy = thread::spawn(copy).join().unwrap().unwrap();
        let database = settings(&server, &copy.name);
        let folder = tempfile::tempdir().unwrap();
        let disk = auxilio_disk_store::Config { dir: folder.path().join("store") };
        let store = DiskStore::new(disk, Arc::new(SystemRandom));
        let shutdown = Shutdown::new();
        let shell =
            Shell::new("middleware", Version { version: "0", commit: "0" }, shutdown.clone());
        let app = App::new(
            config,
            Arc::new(store.clone()),
            Database::connect(&database, DbRole::Middleware).unwrap(),
            Some(AdminToken::new(&Secret::new(TOKEN))),
            shell.clone(),
        );
        let listener = http::listen(SocketAddr::from(([127, 0, 0, 1], 0)), &shell).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { http::serve(listener, router(app), &shell).await });
        let client = Client::new(Duration::from_mins(1), 64 << 20);
        Self { url, store, server, folder, database, client, shutdown, _database: copy }
    }

    /// Asks as anybody.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Asks as the holder of the admin token.
    pub(crate) async fn get_as_admin(&self, path: &str) -> Answer {
        self.get_with(path, &[("Auth-Token", TOKEN)]).await
    }

    /// Asks with any head lines.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.client.get(&format!("{}{path}", self.url), headers).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.client.post(&format!("{}{path}", self.url), &[], Vec::new().into()).await.unwrap()
    }

    /// Posts a body with any head lines.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let body = body.to_owned().into();
        self.client.post(&format!("{}{path}", self.url), headers, body).await.unwrap()
    }

    /// What the owner of the tables reads.
    pub(crate) fn owner_text(&self, sql: &str) -> String {
        let (server, name, sql) =
            (Arc::clone(&self.server), self.database.database.clone(), sql.to_owned());
        // The synchronous client wants a thread without a runtime.
        let read = move || server.client(&name).unwrap().query_one(&sql, &[]).unwrap().get(0);
        thread::spawn(read).join().unwrap()
    }

    pub(crate) async fn put(&self, document: &ProcessedDocument) {
        self.store.put_processed(document).await.unwrap();
    }

    /// Writes a report as a processor does: queued, taken, saved.
    pub(crate) async fn put_report(
        &self,
        crash_id: CrashId,
        submitted: Timestamp,
        fill: impl FnOnce(&mut Report),
    ) {
        let job = self.take(crash_id, submitted).await;
        self.finish(&job, submitted, fill).await;
    }

    /// Processes a crash: its document goes to the store and its row to Postgres, one generation on
    /// both. Doing it again is another run, with a higher one.
    pub(crate) async fn process(
        &self,
        crash_id: CrashId,
        fields: Map<String, Value>,
    ) -> Generation {
        let job = self.take(crash_id, at(0)).await;
        let mut document = document(crash_id, fields);
        document.envelope.generation = job.generation;
        self.put(&document).await;
        self.finish(&job, at(0), |_| {}).await;
        job.generation
    }

    /// Queues a crash, new or again, and takes its job.
    pub(crate) async fn take(&self, crash_id: CrashId, received_at: Timestamp) -> TakenJob {
        let (monitor, processor) = (self.monitor(), self.processor());
        let lanes = [Lane::Standard, Lane::Reprocess, Lane::Priority];
        let number = processor.register_processor("one", 4, &lanes).await.unwrap();
        let entry = IndexEntry { received_at, crash_id };
        let inserted = monitor.insert_jobs(&[entry]).await.unwrap();
        if inserted[0].1 == Insertion::Reported {
            let asked = Database::connect(&self.database, DbRole::Middleware).unwrap();
            asked.ask_job(crash_id, Lane::Reprocess, received_at).await.unwrap();
        }
        for lane in lanes {
            let lease = Duration::from_mins(1);
            if let Some(job) = processor.take_jobs(number, lane, 1, lease).await.unwrap().pop() {
                assert_eq!(job.crash_id, crash_id);
                return job;
            }
        }
        panic!("{crash_id} has no job to take");
    }

    /// Ends a job with a report that says nothing.
    pub(crate) async fn end(&self, job: &TakenJob, submitted: Timestamp) {
        self.finish(job, submitted, |_| {}).await;
    }

    async fn finish(&self, job: &TakenJob, submitted: Timestamp, fill: impl FnOnce(&mut Report)) {
        let (id, accepted) = (job.crash_id, Throttle::Accept);
        let mut report =
            Report::new(id, submitted, job.generation, Quality::Clean, accepted, 100.0);
        fill(&mut report);
        self.processor().save_report(report, job, JobOutcome::Processed).await.unwrap();
    }

    /// Gives a crash's report another signature, as a change of lists does. Returns the change.
    pub(crate) async fn resign(&self, uuid: CrashId, generation: Generation, to: &str) -> i64 {
        let cron = self.cron();
        let (from, until) = (uuid.day(), uuid.day());
        let new = NewChange { by: "a", lists: "l", digest: "d", from, to: until };
        let mut begun = cron.begin_signature_change(&new).await.unwrap();
        let change = begun.id;
        let row = Resigned {
            uuid,
            generation,
            change_was: None,
            change,
            signature: to.to_owned(),
            group_key: None,
        };
        let batch = ResignedBatch { last: uuid, looked_at: 1, without_frames: 0, rows: vec![row] };
        assert!(cron.resign_reports(&begun, &batch).await.unwrap());
        (begun.seen_day, begun.seen_uuid) = (Some(uuid.day()), Some(uuid));
        assert!(cron.end_signature_change(&begun).await.unwrap());
        change
    }

    /// Takes a change back.
    pub(crate) async fn undo(&self, change: i64) {
        let cron = self.cron();
        cron.begin_signature_undo(change, "a").await.unwrap();
        while cron.undo_signatures(change, 10).await.unwrap() {}
    }

    fn cron(&self) -> Database {
        Database::connect(&self.database, DbRole::Cron).unwrap()
    }

    pub(crate) fn monitor(&self) -> Database {
        Database::connect(&self.database, DbRole::Monitor).unwrap()
    }

    pub(crate) fn processor(&self) -> Database {
        Database::connect(&self.database, DbRole::Processor).unwrap()
    }

    /// Where the disk store is.
    pub(crate) fn store_dir(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shutdown.cut();
    }
}

/// The settings of most tests: lists are never behind, and an answer of memcached is waited for also
/// by a machine that is busy.
pub(crate) fn config() -> Config {
    Config { cache_lists_secs: 0, memcached_time_max_millis: 5_000, ..Config::default() }
}

fn settings(server: &Server, database: &str) -> auxilio_database::Config {
    auxilio_database::Config {
        port: server.port(),
        user: postgres::USER.into(),
        database: database.into(),
        ..auxilio_database::Config::default()
    }
}

fn prepare(config: &auxilio_database::Config) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(migrate(config)).unwrap();
}

/// A crash id of one day, by number.
pub(crate) fn id(number: u8) -> CrashId {
    CrashId::issue([number; 16], 0, "20120615".parse().unwrap())
}

/// A moment of that day.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::midnight("20120615".parse().unwrap()).plus(Duration::from_secs(seconds))
}

/// A processed crash of a clean run.
pub(crate) fn document(crash_id: CrashId, fields: Map<String, Value>) -> ProcessedDocument {
    let envelope = ProcessedEnvelope {
        crash_id,
        generation: GENERATION,
        quality: Quality::Clean,
        processor: "one".into(),
        started_at: at(7_200),
        completed_at: at(7_201),
        failed_rules: vec![],
        notes: vec!["first".into(), "second".into()],
        history: vec!["an earlier run".into()],
    };
    ProcessedDocument { envelope, crash: ProcessedCrash::from(fields) }
}

/// An answer's body as JSON.
pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// An answer's body as text.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A head line of an answer.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}
