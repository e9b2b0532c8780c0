//! `db migrate` and `db status`: roles, migrations, procedures and grants, in this order.

use tokio_postgres::Client;

use crate::connection::Settings;
use crate::procedures::{self, PROCEDURES};
use crate::{Config, DbRole, Error};

mod embedded {
    refinery::embed_migrations!("../sql/migrations");
}

const ROLES: &str = include_str!("../../sql/roles.sql");

/// Held while migrating: two at once would stumble over each other ("migrate" as bytes).
const LOCK: &str = "SELECT pg_advisory_lock(x'6d696772617465'::bigint)";

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were applied now, as `V1__jobs`.
    pub applied: Vec<String>,
    /// How many procedures there are now.
    pub procedures: usize,
    /// Procedures that no file names, and that are gone.
    pub dropped: Vec<String>,
}

/// One migration that this version knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// When it was applied, as the history has it; `None` if it was not.
    pub applied_at: Option<String>,
}

/// Brings a database to this version. Doing it again changes nothing.
pub async fn migrate(config: &Config) -> Result<Migrated, Error> {
    let mut client = open(config).await?;
    batch(&client, "the lock", LOCK).await?;
    batch(&client, "roles.sql", ROLES).await?;
    let report = embedded::migrations::runner().run_async(&mut client).await.map_err(|source| {
        Error::Migration { what: "the migrations".into(), source: source.into() }
    })?;
    let failed = |source: tokio_postgres::Error| Error::Migration {
        what: "the procedures".into(),
        source: source.into(),
    };
    let transaction = client.transaction().await.map_err(failed)?;
    let dropped = procedures::apply(&transaction, PROCEDURES).await?;
    transaction.commit().await.map_err(failed)?;
    let applied = report
        .applied_migrations()
        .iter()
        .map(|migration| format!("V{}__{}", migration.version(), migration.name()))
        .collect();
    Ok(Migrated { applied, procedures: PROCEDURES.len(), dropped })
}

/// Which migrations this version knows, and which of them the database has.
pub async fn migration_status(config: &Config) -> Result<Vec<MigrationState>, Error> {
    const OPERATION: &str = "read the history of migrations";
    let client = open(config).await?;
    let failed = |source| Error::from_driver(OPERATION, source);
    let there = client
        .query_one("SELECT to_regclass('public.refinery_schema_history') IS NOT NULL", &[])
        .await
        .map_err(failed)?;
    let applied = if there.get(0) {
        let sql = "SELECT version, applied_on FROM refinery_schema_history";
        client.query(sql, &[]).await.map_err(failed)?
    } else {
        Vec::new()
    };
    let known = embedded::migrations::runner();
    let mut states: Vec<_> = known
        .get_migrations()
        .iter()
        .map(|migration| MigrationState {
            version: migration.version(),
            name: migration.name().to_owned(),
            applied_at: applied
                .iter()
                .find(|row| row.get::<_, i32>(0) == migration.version())
                .map(|row| row.get(1)),
        })
        .collect();
    states.sort_by_key(|state| state.version);
    Ok(states)
}

/// Makes the database itself, if the server does not have it. True if it was made.
///
/// The user must be allowed to, and to connect to the database `postgres`.
pub async fn create_database(config: &Config) -> Result<bool, Error> {
    const OPERATION: &str = "look for the database";
    let client = open(&Config { database: "postgres".into(), ..config.clone() }).await?;
    let there = client
        .query("SELECT FROM pg_database WHERE datname = $1", &[&config.database])
        .await
        .map_err(|source| Error::from_driver(OPERATION, source))?;
    if !there.is_empty() {
        return Ok(false);
    }
    let name = config.database.replace('"', "\"\"");
    let sql = format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'");
    batch(&client, "a new database", &sql).await?;
    Ok(true)
}

/// A connection as the user itself, without a limit of time for statements.
async fn open(config: &Config) -> Result<Client, Error> {
    let (client, connection) = Settings::new(config, DbRole::Owner)?.open().await?;
    tokio::spawn(async move {
        // Its end is seen at the client: every call fails then.
        let _ended = connection.await;
    });
    Ok(client)
}

async fn batch(client: &Client, what: &str, sql: &str) -> Result<(), Error> {
    client
        .batch_execute(sql)
        .await
        .map_err(|source| Error::Migration { what: what.to_owned(), source: source.into() })
}
