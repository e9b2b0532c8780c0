//! A fresh, migrated database for each test, and short ways to say what tests say often.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Day, Generation, Lane, Quality, Throttle, Timestamp};
use auxilio_database::{Config, Database, DbRole, Insertion, ProcessorId, Report, migrate};
use auxilio_testkit::postgres::{self, Server};
use tokio_postgres::{Client, NoTls, Row};

pub(crate) const HOLD: Duration = Duration::from_secs(2);
pub(crate) const LEASE: Duration = Duration::from_mins(1);
pub(crate) const DEAD_AFTER: Duration = Duration::from_secs(15);

pub(crate) struct Fixture {
    pub(crate) config: Config,
    /// As the monitor.
    pub(crate) monitor: Database,
    /// As a processor.
    pub(crate) processor: Database,
    /// As the owner, who may look at everything and turn clocks back.
    pub(crate) owner: Client,
    _database: postgres::Database,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::over(Server::shared().unwrap()).await
    }

    /// With a server that no other test uses.
    pub(crate) async fn with_own_server() -> Self {
        Self::over(Arc::new(Server::start_new().unwrap())).await
    }

    async fn over(server: Arc<Server>) -> Self {
        // The synchronous client wants a thread without a runtime.
        let database =
            thread::spawn(move || server.database(|server, name| prepare(&config(server, name))))
                .join()
                .unwrap()
                .unwrap();
        let config = config(&database.server, &database.name);
        Self {
            monitor: Database::connect(&config, DbRole::Monitor).unwrap(),
            processor: Database::connect(&config, DbRole::Processor).unwrap(),
            owner: connect(&config).await,
            config,
            _database: database,
        }
    }

    pub(crate) async fn sql(&self, sql: &str) -> Vec<Row> {
        self.owner.query(sql, &[]).await.unwrap()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn register(&self, name: &str) -> ProcessorId {
        let lanes = [Lane::Priority, Lane::Standard, Lane::Reprocess];
        self.processor.register_processor(name, 4, &lanes).await.unwrap()
    }

    /// Queues and assigns crashes, the first of them the oldest.
    pub(crate) async fn insert(&self, ids: &[CrashId]) -> Vec<(CrashId, Insertion)> {
        let entries: Vec<_> = (0..).zip(ids).map(|(n, id)| entry(*id, n)).collect();
        let inserted = self.monitor.insert_jobs(&entries).await.unwrap();
        self.monitor.assign_jobs(HOLD, DEAD_AFTER).await.unwrap();
        inserted
    }

    pub(crate) async fn take(&self, processor: ProcessorId, lane: Lane) -> Vec<TakenJob> {
        self.processor.take_jobs(processor, lane, 10, LEASE).await.unwrap()
    }

    /// Registers a processor, queues one crash and takes it.
    pub(crate) async fn taken(&self) -> TakenJob {
        let processor = self.register("one").await;
        self.insert(&[id(1)]).await;
        self.take(processor, Lane::Standard).await.pop().unwrap()
    }
}

pub(crate) fn config(server: &Server, database: &str) -> Config {
    Config {
        port: server.port(),
        user: postgres::USER.into(),
        database: database.into(),
        connect_timeout_secs: 5,
        ..Config::default()
    }
}

pub(crate) async fn connect(config: &Config) -> Client {
    let text = format!(
        "host=127.0.0.1 port={} user={} dbname={}",
        config.port, config.user, config.database
    );
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn prepare(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(migrate(config))?;
    Ok(())
}

pub(crate) fn day() -> Day {
    Day::from_ymd(2012, 6, 15).unwrap()
}

pub(crate) fn id(number: u8) -> CrashId {
    id_of(number, day())
}

pub(crate) fn id_of(number: u8, day: Day) -> CrashId {
    CrashId::issue([number; 16], 0, day)
}

pub(crate) fn entry(crash_id: CrashId, seconds: u64) -> IndexEntry {
    let received_at =
        Timestamp::midnight(crash_id.day()).plus(Duration::from_secs(3_600 + seconds));
    IndexEntry { received_at, crash_id }
}

pub(crate) fn report(crash_id: CrashId, generation: Generation) -> Report {
    let at = Timestamp::midnight(crash_id.day()).plus(Duration::from_hours(1));
    Report::new(crash_id, at, generation, Quality::Clean, Throttle::Accept, 100.0)
}
