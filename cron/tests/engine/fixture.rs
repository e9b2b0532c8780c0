//! A migrated database of each test's own, and an engine over it whose time of day the test sets.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::{Clock, Day, Timestamp};
use auxilio_cron::{BringBack, Config, Due, Engine, JobView, Tried};
use auxilio_database::{self as database, Database, DbRole, migrate};
use auxilio_service::BoxError;
use auxilio_service::clock::SystemClock;
use auxilio_testkit::clock::{TestClock, TestRandom};
use auxilio_testkit::postgres::{self, Server};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub(crate) struct Fixture {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<SetClock>,
    /// As the owner, who may look at everything.
    pub(crate) owner: Client,
    pub(crate) dir: TempDir,
    database: Database,
    config: Config,
    _server: postgres::Database,
}

/// The time of day is the test's; what passes is real.
#[derive(Debug)]
pub(crate) struct SetClock {
    day: TestClock,
    passing: SystemClock,
}

impl SetClock {
    pub(crate) fn set(&self, now: &str) {
        self.day.set(now.parse().unwrap());
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.day.now()
    }

    fn monotonic(&self) -> Duration {
        self.passing.monotonic()
    }
}

/// A store that has forgotten nothing: what a real one brings back is tested with the whole system.
struct NothingForgotten;

#[async_trait]
impl BringBack for NothingForgotten {
    async fn bring_back(&self, _day: Day) -> Result<u64, BoxError> {
        Ok(0)
    }
}

impl Fixture {
    /// An engine whose clock stands at `now`. `change` is made to its configuration, told the folder.
    pub(crate) async fn new(now: &str, change: impl FnOnce(&mut Config, &TempDir)) -> Self {
        let server = thread::spawn(|| {
            Server::shared().unwrap().database(|server, name| prepare(&settings(server, name)))
        })
        .join()
        .unwrap()
        .unwrap();
        let settings = settings(&server.server, &server.name);
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            extracts_dir: dir.path().join("extracts"),
            lease_secs: 1,
            ..Config::default()
        };
        change(&mut config, &dir);
        let clock = Arc::new(SetClock {
            day: TestClock::at(now.parse().unwrap()),
            passing: SystemClock::start(),
        });
        let database = Database::connect(&settings, DbRole::Cron).unwrap();
        let engine = engine(&config, &database, &clock);
        let owner = connect(&settings).await;
        Self { engine, clock, owner, dir, database, config, _server: server }
    }

    /// Another cron process over the same database.
    pub(crate) fn another(&self) -> Arc<Engine> {
        engine(&self.config, &self.database, &self.clock)
    }

    /// As cron.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.owner.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// How a job stands.
    pub(crate) async fn view(&self, job: &str) -> JobView {
        let views = self.engine.views().await.unwrap();
        views.into_iter().find(|view| view.job == job).unwrap()
    }

    /// What is due of a job.
    pub(crate) async fn due(&self, job: &str) -> Option<Due> {
        self.engine.due().await.unwrap().into_iter().find(|due| due.job == job)
    }

    /// Does all that is due, until nothing is. Returns it in the order in which it was done.
    pub(crate) async fn do_all(&self) -> Vec<Due> {
        let mut done = Vec::new();
        loop {
            let due = self.engine.due().await.unwrap();
            let Some(first) = due.first() else { return done };
            let tried = self.engine.attempt(first).await.unwrap();
            assert!(matches!(tried, Tried::Done(_)), "{first:?}: {tried:?}");
            done.push(*first);
        }
    }

    /// Slots of a job that were done, in the order in which they were.
    pub(crate) async fn slots_done(&self, job: &str) -> String {
        self.text(&format!(
            "SELECT coalesce(string_agg(to_char(slot AT TIME ZONE 'UTC', 'DD HH24:MI'), ', '
                 ORDER BY token), '')
             FROM cron_runs WHERE job = '{job}' AND outcome = 'done' AND NOT by_hand"
        ))
        .await
    }
}

fn engine(config: &Config, database: &Database, clock: &Arc<SetClock>) -> Arc<Engine> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let random = Arc::new(TestRandom::new(1));
    let store = Arc::new(NothingForgotten);
    Arc::new(Engine::new(config.clone(), database.clone(), store, clock, random).unwrap())
}

fn settings(server: &Server, database: &str) -> database::Config {
    database::Config {
        port: server.port(),
        user: postgres::USER.into(),
        database: database.into(),
        ..database::Config::default()
    }
}

async fn connect(settings: &database::Config) -> Client {
    let text = format!(
        "host=127.0.0.1 port={} user={} dbname={}",
        settings.port, settings.user, settings.database
    );
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn prepare(settings: &database::Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(migrate(settings))?;
    Ok(())
}
