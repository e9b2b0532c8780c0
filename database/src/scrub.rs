//! A copy of the database without what names people: to look at elsewhere, or to try things on.
//!
//! It holds what an analyst may read and nothing else, so that `sql/grants.sql` is the one page that
//! says what is private. A new column is left out until somebody has granted it.

use futures::SinkExt;
use futures::StreamExt;
use tokio_postgres::{Client, Row};

use crate::connection::Settings;
use crate::{Config, DbRole, Error, create_database, migrate};

const OPERATION: &str = "write the scrubbed copy";

/// Tables with the columns that an analyst may read, those first that others refer to.
const TABLES: &str = "
    WITH RECURSIVE tables AS (
        SELECT pg_class.oid, pg_class.relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ), depths (oid, depth) AS (
        SELECT oid, 0 FROM tables
        UNION
        SELECT pg_constraint.conrelid, depths.depth + 1
        FROM depths JOIN pg_constraint ON confrelid = depths.oid AND contype = 'f'
            AND conrelid <> confrelid
    )
    SELECT tables.relname::text, string_agg(quote_ident(attname), ', ' ORDER BY attnum), (
        SELECT max(depth) FROM depths WHERE depths.oid = tables.oid)
    FROM tables JOIN pg_attribute ON attrelid = tables.oid
    WHERE attnum > 0 AND NOT attisdropped AND attgenerated = ''
      AND has_column_privilege('auxilio_analyst', tables.oid, attnum, 'SELECT')
    GROUP BY tables.oid, tables.relname
    ORDER BY 3, 1";

/// The first days of all weeks of reports, and all days of outcomes.
const PARTITIONS: &str = "
    SELECT parent.relname::text, to_date(right(part.relname, 8), 'YYYYMMDD')::text
    FROM pg_inherits
    JOIN pg_class AS parent ON parent.oid = inhparent AND parent.relkind = 'p'
    JOIN pg_class AS part ON part.oid = inhrelid AND part.relkind IN ('r', 'p')
    WHERE parent.relname IN ('reports', 'job_outcomes')";

/// Numbers that are given next come after those that were copied.
const SEQUENCES: &str = "
    DO $$
    DECLARE
        place record;
    BEGIN
        FOR place IN
            SELECT relname, attname, pg_get_serial_sequence(quote_ident(relname), attname) AS name
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
              AND NOT relispartition AND attnum > 0 AND NOT attisdropped
              AND pg_get_serial_sequence(quote_ident(relname), attname) IS NOT NULL
        LOOP
            EXECUTE format('SELECT setval(%L, max(%I)) FROM %I HAVING max(%I) IS NOT NULL',
                place.name, place.attname, place.relname, place.attname);
        END LOOP;
        PERFORM setval('product_version_ids', greatest(
            (SELECT max(product_version_id) FROM product_versions),
            (SELECT max(id) FROM productdims), 1));
    END
    $$";

/// Makes a new database on the same server that holds what an analyst may read. Returns the rows of
/// each table.
///
/// # Errors
/// A database of this name is there already; the server refuses. What was made is left as it is.
pub async fn scrub(config: &Config, copy: &str) -> Result<Vec<(String, u64)>, Error> {
    let target = Config { database: copy.to_owned(), ..config.clone() };
    if !create_database(&target).await? {
        let what = format!("there is a database \"{copy}\" already");
        return Err(Error::Unexpected { operation: OPERATION, what });
    }
    migrate(&target).await?;
    let (from, to) = (open(config).await?, open(&target).await?);
    // One state of everything, though others go on writing.
    run(&from, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    for row in rows(&from, PARTITIONS).await? {
        let (parent, day): (String, String) = (row.get(0), row.get(1));
        let name =
            if parent == "reports" { "ensure_partition" } else { "ensure_outcomes_partition" };
        run(&to, &format!("SELECT {name}('{day}')")).await?;
    }
    let tables = rows(&from, TABLES).await?;
    let names: Vec<String> = tables.iter().map(|row| row.get(0)).collect();
    // What the migrations put there comes with the rest.
    run(&to, &format!("TRUNCATE {} CASCADE", names.join(", "))).await?;
    let mut copied = Vec::new();
    for (name, row) in names.into_iter().zip(&tables) {
        let count = copy_table(&from, &to, &name, row.get(1)).await?;
        copied.push((name, count));
    }
    run(&to, SEQUENCES).await?;
    run(&to, "ANALYZE").await?;
    Ok(copied)
}

async fn copy_table(from: &Client, to: &Client, name: &str, columns: &str) -> Result<u64, Error> {
    let out = format!("COPY (SELECT {columns} FROM {name}) TO STDOUT (FORMAT binary)");
    let mut rows = std::pin::pin!(from.copy_out(&out).await.map_err(refused)?);
    let into = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
    let mut sink = std::pin::pin!(to.copy_in(&into).await.map_err(refused)?);
    while let Some(bytes) = rows.next().await {
        sink.send(bytes.map_err(refused)?).await.map_err(refused)?;
    }
    sink.finish().await.map_err(refused)
}

async fn open(config: &Config) -> Result<Client, Error> {
    let (client, connection) = Settings::new(config, DbRole::Owner)?.open().await?;
    tokio::spawn(async move {
        // Its end is seen at the client: every call fails then.
        let _ended = connection.await;
    });
    run(&client, "SET TimeZone = 'UTC'").await?;
    Ok(client)
}

async fn rows(client: &Client, sql: &str) -> Result<Vec<Row>, Error> {
    client.query(sql, &[]).await.map_err(refused)
}

async fn run(client: &Client, sql: &str) -> Result<(), Error> {
    client.batch_execute(sql).await.map_err(refused)
}

fn refused(source: tokio_postgres::Error) -> Error {
    Error::from_driver(OPERATION, source)
}
