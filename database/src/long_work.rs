//! Work that takes longer than a service's statements may: on a connection of its own, with a time-out
//! of its own, which the server ends when whoever asked for it is gone.

use std::time::Duration;

use auxilio_common::{Day, Timestamp};
use futures::{Stream, StreamExt};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::jobs::date_time;
use crate::{Database, Error, PROCEDURES};

/// Has the server look every two seconds whether the client is still there, and end the statement when
/// it is not. Before Postgres 14 there is no such setting.
const END_IF_GONE: &str = "SELECT set_config(name, '2s', false) FROM pg_settings
                           WHERE name = 'client_connection_check_interval'";

/// What a line of the daily extract is made of, in the order of its columns.
const EXTRACT: &str = "
    WITH users AS MATERIALIZED (
        SELECT product_name, product_version, left(product_os_platform, 3) AS os,
               sum(adu_count) AS count
        FROM raw_adu WHERE date = $1 GROUP BY 1, 2, 3
    ), bugs AS MATERIALIZED (
        SELECT signature, string_agg(bug_id::text, ',' ORDER BY bug_id) AS list
        FROM bug_associations GROUP BY signature
    ), said AS MATERIALIZED (
        SELECT product, version, min(branch) AS branch FROM branches GROUP BY 1, 2
    )
    SELECT reports.signature, reports.url, reports.uuid,
           to_char(client_crash_date, 'YYYYMMDDHH24MI'),
           to_char(reports.date_processed, 'YYYYMMDDHH24MI'),
           last_crash::text, reports.product, reports.version, reports.build, said.branch,
           reports.os_name,
           CASE WHEN os_name = 'Linux'
               THEN regexp_replace(os_version, '^0[.]0[.]0 Linux ', '') ELSE os_version END,
           nullif(concat_ws(' | ', cpu_name, cpu_info), ''),
           reports.address, bugs.list, user_comments, uptime::text,
           CASE WHEN email <> '' THEN 'yes' ELSE '' END,
           users.count::text, topmost_filenames,
           CASE WHEN addons_checked THEN 'checked' WHEN NOT addons_checked THEN 'not'
               ELSE '[unknown]' END,
           reports.flash_version, hangid, reports.reason, process_type, app_notes,
           install_age::text, reports_duplicates.duplicate_of, release_channel, productid
    FROM reports
    LEFT JOIN reports_duplicates
        ON reports_duplicates.crash_day = reports.crash_day AND reports_duplicates.uuid = reports.uuid
    LEFT JOIN bugs ON bugs.signature = reports.signature
    LEFT JOIN said ON said.product = reports.product AND said.version = reports.version
    LEFT JOIN users ON users.product_name = reports.product
        AND users.product_version = reports.version AND users.os = left(reports.os_name, 3)
    WHERE reports.crash_day = $1 AND (cardinality($2::text[]) = 0 OR reports.product = ANY ($2))
    ORDER BY reports.date_processed, reports.uuid";

/// Weeks that end on a day or before it: partitions have their Monday in their name.
const WEEKS: &str = "
    SELECT monday FROM (
        SELECT to_date(right(relname, 8), 'YYYYMMDD') AS monday
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'reports'::regclass AND relname ~ '^reports_[0-9]{8}$') AS weeks
    WHERE monday + 7 <= $1 ORDER BY monday";

/// The columns of the extract.
pub const EXTRACT_COLUMNS: usize = 30;

/// One report of the extract; `None` is NULL.
pub type ExtractRow = [Option<String>; EXTRACT_COLUMNS];

/// A connection for one piece of long work.
#[derive(Debug)]
pub struct LongWork {
    client: Client,
    connection: JoinHandle<()>,
    timeout: Duration,
}

impl Drop for LongWork {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Database {
    /// Opens a connection whose statements may take as long as `timeout`.
    pub async fn long_work(&self, timeout: Duration) -> Result<LongWork, Error> {
        let settings = self.settings();
        let (client, connection) = settings.open().await?;
        // An error of the connection is also one of whatever waits for it.
        let connection = tokio::spawn(async move { drop(connection.await) });
        let work = LongWork { client, connection, timeout };
        let greeting = format!(
            "{}; SET statement_timeout = '{}s'",
            settings.greeting(),
            timeout.as_secs().max(1)
        );
        for sql in [greeting.as_str(), END_IF_GONE] {
            work.within("open a connection", work.client.batch_execute(sql)).await?;
        }
        Ok(work)
    }
}

impl LongWork {
    /// Runs the procedure of a summary for a day. Returns its rows.
    pub async fn update_day(&self, procedure: &str, day: Day) -> Result<i64, Error> {
        self.call(procedure, "($1)", &[&day.date()]).await
    }

    /// Runs a procedure over a window of time, [from, to). Returns its rows.
    pub async fn update_window(
        &self,
        procedure: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<i64, Error> {
        const OPERATION: &str = "update a window";
        let (from, to) = (date_time(OPERATION, from)?, date_time(OPERATION, to)?);
        self.call(procedure, "($1, $2)", &[&from, &to]).await
    }

    /// Brings versions up to the builds that are known. Returns those that changed.
    pub async fn update_product_versions(&self) -> Result<i64, Error> {
        self.call("update_product_versions", "()", &[]).await
    }

    /// Counts anew what marks say, at most so many hours and days. 0 says that nothing was left.
    pub async fn refresh_dirty_days(&self, limit: i32) -> Result<i64, Error> {
        self.call("refresh_dirty_days", "($1)", &[&limit]).await
    }

    /// Writes how the queue stands at a slot.
    pub async fn write_server_status(&self, slot: Timestamp) -> Result<i64, Error> {
        let slot = date_time("write the server's status", slot)?;
        self.call("write_server_status", "($1)", &[&slot]).await
    }

    /// Loads users, each row an object whose keys are the columns of `raw_adu`.
    pub async fn replace_raw_adu(&self, rows: &serde_json::Value) -> Result<i64, Error> {
        self.call("replace_raw_adu", "($1)", &[rows]).await
    }

    /// The weeks of reports that are there and end on a day or before it, each by its Monday.
    pub async fn weeks_until(&self, day: Day) -> Result<Vec<Day>, Error> {
        const OPERATION: &str = "list the weeks of reports";
        let day = day.date();
        let rows = self.within(OPERATION, self.client.query(WEEKS, &[&day])).await?;
        rows.iter()
            .map(|row| {
                let what = || "a week of reports has no day".to_owned();
                Day::from_date(row.get(0))
                    .ok_or_else(|| Error::Unexpected { operation: OPERATION, what: what() })
            })
            .collect()
    }

    /// Drops and seals a week of reports. False if marks of it are still to be counted.
    pub async fn drop_week(&self, monday: Day) -> Result<bool, Error> {
        let monday = monday.date();
        let sql = "SELECT drop_week($1)";
        let row = self.within("drop a week", self.client.query_one(sql, &[&monday])).await?;
        Ok(row.get(0))
    }

    /// Forgets runs, status and outcomes from before a day.
    pub async fn forget_runs(&self, before: Day) -> Result<i64, Error> {
        self.call("forget_runs", "($1)", &[&before.date()]).await
    }

    /// The reports of a day for the extract, in order, as they come: never all of them at once. No
    /// products means all.
    pub async fn extract_rows(
        &self,
        day: Day,
        products: &[String],
    ) -> Result<impl Stream<Item = Result<ExtractRow, Error>>, Error> {
        const OPERATION: &str = "read the reports of a day";
        let (day, products) = (day.date(), products.to_vec());
        let values: [&(dyn ToSql + Sync); 2] = [&day, &products];
        let asked = self.client.query_raw(EXTRACT, values);
        let rows = self.within(OPERATION, asked).await?;
        Ok(rows.map(|row| {
            let row = row.map_err(|source| Error::from_driver(OPERATION, source))?;
            Ok(std::array::from_fn(|column| row.get(column)))
        }))
    }

    /// Calls a procedure of ours that answers with a count. Its name is looked up among those that this
    /// program brings, so nothing else can stand there.
    async fn call(
        &self,
        procedure: &str,
        arguments: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<i64, Error> {
        const OPERATION: &str = "run a procedure";
        let Some(known) = PROCEDURES.iter().find(|known| known.name == procedure) else {
            let what = format!("there is no procedure {procedure}");
            return Err(Error::Unexpected { operation: OPERATION, what });
        };
        let sql = format!("SELECT {}{arguments}", known.name);
        let row = self.within(known.name, self.client.query_one(&sql, values)).await?;
        Ok(row.get(0))
    }

    async fn within<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        // Later than the server, so that it speaks first.
        let deadline = self.timeout.saturating_add(Duration::from_secs(5));
        tokio::time::timeout(deadline, work)
            .await
            .map_err(|_| Error::Silent { operation, seconds: deadline.as_secs() })?
            .map_err(|source| Error::from_driver(operation, source))
    }
}
