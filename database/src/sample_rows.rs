//! Rows of reports without a crash behind them, many at once: to try the reports at scale.
//!
//! They are copied into `reports`. Where one of them is there already, all of a batch are copied into a
//! table of the connection's own and the others go on from there. For an operator who owns the
//! database, nobody else.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};

use auxilio_common::{Throttle, Timestamp};
use bytes::Bytes;
use futures::SinkExt;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Transaction};

use crate::{Database, Error, Report};

const OPERATION: &str = "write sample rows";

/// What Postgres calls a row whose key is there already.
const KNOWN_ROW: &str = "23505";

const HOUR_MICROS: i64 = 3_600_000_000;

/// Columns that hold no text, in the order in which [`write_row`] writes them after the texts.
const OTHER_COLUMNS: &str = "uuid, crash_day, date_processed, generation, quality, throttle, \
    sample_rate, client_crash_date, install_age, last_crash, uptime, started_datetime, \
    completed_datetime, success, truncated, addons_checked";

/// A writer on a connection of its own.
#[derive(Debug)]
pub struct SampleRows {
    pub(crate) client: Client,
    connection: JoinHandle<()>,
}

impl Drop for SampleRows {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Database {
    /// Opens a writer of sample rows. The weeks of the rows must be there ([`Self::ensure_partition`]).
    pub async fn sample_rows(&self) -> Result<SampleRows, Error> {
        let settings = self.settings();
        let (client, connection) = settings.open().await?;
        // An error of the connection is also one of whatever waits for it.
        let connection = tokio::spawn(async move { drop(connection.await) });
        let rows = SampleRows { client, connection };
        rows.execute(settings.greeting()).await?;
        // A service's patience is not for somebody who writes millions of rows.
        rows.execute("SET statement_timeout = 0").await?;
        rows.execute("CREATE TEMPORARY TABLE sample_rows AS TABLE reports WITH NO DATA").await?;
        Ok(rows)
    }
}

/// Rows in the text form of COPY.
struct Copied {
    columns: String,
    text: Bytes,
    /// The hours that they lie in.
    hours: Vec<String>,
}

impl SampleRows {
    /// Writes rows, all or none. Returns how many were not there yet.
    pub async fn insert(&mut self, rows: Vec<Report>) -> Result<u64, Error> {
        let Some(copied) = Copied::of(rows) else { return Ok(0) };
        match self.copy_new(&copied).await {
            Err(Error::Refused { source, .. }) if source.code == KNOWN_ROW => {
                self.copy_unknown(&copied).await
            }
            answer => answer,
        }
    }

    /// All of them, where none is there.
    async fn copy_new(&mut self, copied: &Copied) -> Result<u64, Error> {
        let transaction = self.client.transaction().await.map_err(refused)?;
        let written = copied.copy_into(&transaction, "reports").await?;
        copied.mark_hours(&transaction).await?;
        transaction.commit().await.map_err(refused)?;
        Ok(written)
    }

    /// Those that are not there.
    async fn copy_unknown(&mut self, copied: &Copied) -> Result<u64, Error> {
        let transaction = self.client.transaction().await.map_err(refused)?;
        copied.copy_into(&transaction, "sample_rows").await?;
        let columns = &copied.columns;
        let sql = format!(
            "INSERT INTO reports ({columns}) SELECT {columns} FROM sample_rows
             ON CONFLICT (crash_day, uuid) DO NOTHING"
        );
        let written = transaction.execute(&sql, &[]).await.map_err(refused)?;
        transaction.batch_execute("TRUNCATE sample_rows").await.map_err(refused)?;
        copied.mark_hours(&transaction).await?;
        transaction.commit().await.map_err(refused)?;
        Ok(written)
    }

    async fn execute(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await.map_err(refused)
    }
}

impl Copied {
    /// `None` for no rows.
    fn of(mut rows: Vec<Report>) -> Option<Self> {
        let texts: Vec<&str> = rows.first_mut()?.texts().map(|(name, _)| name).to_vec();
        let columns = format!("{}, {OTHER_COLUMNS}", texts.join(", "));
        let mut text = String::with_capacity(rows.len() * 800);
        let mut hours = BTreeSet::new();
        for mut row in rows {
            row.clean();
            hours.insert(row.date_processed.micros().div_euclid(HOUR_MICROS));
            write_row(&mut text, &mut row);
        }
        let hour = |hour| Timestamp::from_micros(hour * HOUR_MICROS).to_string();
        Some(Self { columns, text: text.into(), hours: hours.into_iter().map(hour).collect() })
    }

    async fn copy_into(&self, transaction: &Transaction<'_>, table: &str) -> Result<u64, Error> {
        let sql = format!("COPY {table} ({}) FROM STDIN", self.columns);
        let sink = transaction.copy_in(&sql).await.map_err(refused)?;
        let mut sink = std::pin::pin!(sink);
        sink.send(self.text.clone()).await.map_err(refused)?;
        sink.as_mut().finish().await.map_err(refused)
    }

    /// What was counted of these hours is to be counted anew.
    async fn mark_hours(&self, transaction: &Transaction<'_>) -> Result<(), Error> {
        let sql =
            "INSERT INTO dirty_hours SELECT told::timestamptz FROM unnest($1::text[]) AS told";
        transaction.execute(sql, &[&self.hours]).await.map_err(refused).map(drop)
    }
}

fn refused(source: tokio_postgres::Error) -> Error {
    Error::from_driver(OPERATION, source)
}

fn write_row(text: &mut String, row: &mut Report) {
    for (_, value) in row.texts() {
        match value {
            Some(value) => push_escaped(text, value),
            None => text.push_str(NULL),
        }
        text.push('\t');
    }
    let quality = u8::from(row.quality);
    let throttle = match row.throttle {
        Throttle::Defer => "defer",
        _ => "accept",
    };
    let others: [Option<&dyn Display>; 16] = [
        Some(&row.uuid),
        Some(&row.uuid.day()),
        Some(&row.date_processed),
        Some(&row.generation.0),
        Some(&quality),
        Some(&throttle),
        Some(&row.sample_rate),
        shown(row.client_crash_date.as_ref()),
        shown(row.install_age.as_ref()),
        shown(row.last_crash.as_ref()),
        shown(row.uptime.as_ref()),
        shown(row.started_datetime.as_ref()),
        shown(row.completed_datetime.as_ref()),
        shown(row.success.as_ref()),
        shown(row.truncated.as_ref()),
        shown(row.addons_checked.as_ref()),
    ];
    for (place, value) in others.iter().enumerate() {
        text.push_str(if place == 0 { "" } else { "\t" });
        // Writing to a text never fails.
        let _ = match value {
            Some(value) => write!(text, "{value}"),
            None => write!(text, "{NULL}"),
        };
    }
    text.push('\n');
}

/// How COPY writes NULL.
const NULL: &str = "\\N";

fn shown<T: Display>(value: Option<&T>) -> Option<&dyn Display> {
    value.map(|value| value as &dyn Display)
}

/// A text as COPY reads it back.
fn push_escaped(text: &mut String, value: &str) {
    let mut rest = value;
    while let Some(place) = rest.find(['\\', '\t', '\n', '\r']) {
        let escaped = match rest.as_bytes()[place] {
            b'\t' => "\\t",
            b'\n' => "\\n",
            b'\r' => "\\r",
            _ => "\\\\",
        };
        text.push_str(&rest[..place]);
        text.push_str(escaped);
        rest = &rest[place + 1..];
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_or_a_row_is_escaped() {
        let mut text = String::new();
        push_escaped(&mut text, "a\tb\nc\\N\r\u{e9}");
        assert_eq!(text, "a\\tb\\nc\\\\N\\r\u{e9}");
    }
}
