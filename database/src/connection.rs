//! The pool: connections of one role, opened when they are needed, given up when they are silent.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Connection, NoTls, Row, Socket, tls::NoTlsStream};

use crate::{Config, DbRole, Error};

/// Connections to the database that have taken on one role. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    settings: Arc<Settings>,
}

/// What a connection of its own needs: one that listens, or one that leads.
#[derive(Debug)]
pub(crate) struct Settings {
    driver: tokio_postgres::Config,
    greeting: String,
    address: String,
    connect_timeout: Duration,
    deadline: Duration,
}

impl Database {
    /// Prepares connections, and opens none: a server that is down is met at the first use.
    ///
    /// # Errors
    /// Only a password file that can't be read.
    pub fn connect(config: &Config, role: DbRole) -> Result<Self, Error> {
        let settings = Settings::new(config, role)?;
        let greeting = settings.greeting.clone();
        let recycle = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(settings.driver.clone(), NoTls, recycle);
        let pool = Pool::builder(manager)
            .max_size(config.pool_connections_max.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.deadline()))
            .create_timeout(Some(config.connect_timeout()))
            .recycle_timeout(Some(config.connect_timeout()))
            .post_create(Hook::async_fn(move |client, _| {
                let greeting = greeting.clone();
                Box::pin(async move {
                    client.batch_execute(&greeting).await.map_err(HookError::Backend)
                })
            }))
            .build()
            // A runtime is given, and that is all that building can miss.
            .unwrap_or_else(|_| unreachable!("the pool has a runtime"));
        Ok(Self { pool, settings: Arc::new(settings) })
    }

    /// Asks the server, as the role, whether it is there and has been migrated.
    pub async fn check(&self) -> Result<(), Error> {
        let sql = "SELECT to_regclass('public.reports') IS NOT NULL";
        let row = self.query_one("look for the tables", sql, &[]).await?;
        if row.get(0) { Ok(()) } else { Err(Error::NotMigrated) }
    }

    /// Runs one statement and reads all its rows.
    pub(crate) async fn query(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let client = self.pool.get().await.map_err(|source| Error::Connect {
            address: self.settings.address.clone(),
            source: source.into(),
        })?;
        let work = async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, values).await
        };
        let Ok(answer) = tokio::time::timeout(self.settings.deadline, work).await else {
            // The statement may still run: nobody must get its connection from the pool.
            drop(Object::take(client));
            return Err(Error::Silent { operation, seconds: self.settings.deadline.as_secs() });
        };
        let answer = answer.map_err(|source| Error::from_driver(operation, source));
        if answer.as_ref().is_err_and(Error::is_stale_statement) {
            client.statement_cache.clear();
        }
        answer
    }

    /// Runs one statement that answers with exactly one row.
    pub(crate) async fn query_one(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, Error> {
        self.query(operation, sql, values)
            .await?
            .pop()
            .ok_or_else(|| Error::Unexpected { operation, what: "the answer has no row".into() })
    }

    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }
}

impl Settings {
    pub(crate) fn new(config: &Config, role: DbRole) -> Result<Self, Error> {
        Ok(Self {
            driver: config.driver()?,
            greeting: config.greeting(role),
            address: format!("{}:{}/{}", config.host, config.port, config.database),
            connect_timeout: config.connect_timeout(),
            deadline: config.deadline(),
        })
    }

    /// Opens a connection outside the pool. The caller drives it.
    pub(crate) async fn open(&self) -> Result<(Client, Connection<Socket, NoTlsStream>), Error> {
        let failed = |source| Error::Connect { address: self.address.clone(), source };
        tokio::time::timeout(self.connect_timeout, self.driver.connect(NoTls))
            .await
            .map_err(|late| failed(late.into()))?
            .map_err(|source| failed(source.into()))
    }

    pub(crate) fn greeting(&self) -> &str {
        &self.greeting
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }
}
