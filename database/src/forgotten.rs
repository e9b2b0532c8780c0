//! What Postgres forgot and the store knows: rows of reports that are missing or old, and crashes
//! that nobody processes. After Postgres was restored from a dump, above all.

use std::collections::HashSet;

use auxilio_common::{CrashId, Day, Generation, Timestamp};
use serde_json::Value;
use tokio_postgres::types::ToSql;

use crate::jobs::{crash_id, date_time};
use crate::{Class, Database, Error, Report};

const WRITE: &str = "write reports";

/// A crash whose processing was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The crash.
    pub crash_id: CrashId,
    /// When it came to its collector; `None` if its raw crash can't be read.
    pub received_at: Option<Timestamp>,
    /// The generation that its report had when the store was asked; `None` without a report.
    pub seen: Option<Generation>,
}

impl Database {
    /// The reports of a day with their generations, in the order of ids, after `after`, at most
    /// `limit`.
    pub async fn report_generations(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<(CrashId, Generation)>, Error> {
        const OPERATION: &str = "list the reports of a day";
        let sql = "SELECT uuid, generation FROM reports
                   WHERE crash_day = $1 AND uuid > $2 ORDER BY uuid LIMIT $3";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.query(OPERATION, sql, &[&day.date(), &after, &limit]).await?;
        rows.iter().map(|row| Ok((crash_id(OPERATION, row, 0)?, Generation(row.get(1))))).collect()
    }

    /// Those of the crashes that have a job.
    pub async fn crashes_with_jobs(&self, ids: &[CrashId]) -> Result<HashSet<CrashId>, Error> {
        const OPERATION: &str = "look jobs up";
        let ids: Vec<String> = ids.iter().map(CrashId::to_string).collect();
        let sql = "SELECT uuid FROM jobs WHERE uuid = ANY ($1)";
        let rows = self.query(OPERATION, sql, &[&ids]).await?;
        rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect()
    }

    /// The crashes of some days that are queued, in the order of ids, after `after`, at most `limit`.
    pub async fn queued_crashes(
        &self,
        from: Day,
        to: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, Error> {
        const OPERATION: &str = "list queued jobs";
        let sql = "SELECT uuid FROM jobs
                   WHERE state = 'queued' AND crash_day BETWEEN $1 AND $2 AND uuid > $3
                   ORDER BY uuid LIMIT $4";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: [&(dyn ToSql + Sync); 4] = [&from.date(), &to.date(), &after, &limit];
        let rows = self.query(OPERATION, sql, &parameters).await?;
        rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect()
    }

    /// Queues forgotten crashes in lane reprocess, unless one has a job or another report by now.
    /// Returns those that were queued.
    pub async fn queue_forgotten(&self, crashes: &[Forgotten]) -> Result<HashSet<CrashId>, Error> {
        const OPERATION: &str = "queue forgotten crashes";
        let ids: Vec<String> = crashes.iter().map(|crash| crash.crash_id.to_string()).collect();
        let times = crashes
            .iter()
            .map(|crash| crash.received_at.map(|at| date_time(OPERATION, at)).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let seen: Vec<Option<i64>> =
            crashes.iter().map(|crash| crash.seen.map(|seen| seen.0)).collect();
        let sql = "SELECT uuid FROM queue_forgotten($1, $2, $3)";
        let rows = self.query(OPERATION, sql, &[&ids, &times, &seen]).await?;
        rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect()
    }

    /// Writes reports of stored processed crashes. A row of the same or a higher generation stays.
    ///
    /// Answers in the order of the reports, each for its own: whether its row was written, or why
    /// the database refuses it; a row that is refused spoils no other.
    ///
    /// # Errors
    /// Trouble with the database itself. Writing them once more is right.
    pub async fn write_reports(
        &self,
        reports: Vec<Report>,
    ) -> Result<Vec<Result<bool, Error>>, Error> {
        let rows: Vec<Row> = reports.into_iter().map(row).collect::<Result<_, _>>()?;
        let mut answers = Vec::with_capacity(rows.len());
        // The batch to write next is the last one.
        let mut batches: Vec<&[Row]> = vec![&rows];
        while let Some(batch) = batches.pop() {
            match self.write_batch(batch).await {
                Ok(written) => {
                    answers.extend(batch.iter().map(|row| Ok(written.contains(&row.crash_id))));
                }
                Err(error) if error.class() == Class::Retry => return Err(error),
                Err(error) if batch.len() == 1 => answers.push(Err(error)),
                Err(_) => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                }
            }
        }
        Ok(answers)
    }

    async fn write_batch(&self, batch: &[Row]) -> Result<HashSet<CrashId>, Error> {
        match self.try_write_batch(batch).await {
            Err(error) if error.is_missing_partition() => {
                self.ensure_partitions_for(batch.iter().map(|row| row.crash_id.day())).await?;
                self.try_write_batch(batch).await
            }
            answer => answer,
        }
    }

    async fn try_write_batch(&self, batch: &[Row]) -> Result<HashSet<CrashId>, Error> {
        if batch.is_empty() {
            return Ok(HashSet::new());
        }
        let reports: Vec<&Value> = batch.iter().map(|row| &row.report).collect();
        let rows = self.query(WRITE, "SELECT uuid FROM write_reports($1)", &[&reports]).await?;
        rows.iter().map(|row| crash_id(WRITE, row, 0)).collect()
    }
}

/// A report as the database takes it.
struct Row {
    crash_id: CrashId,
    report: Value,
}

fn row(mut report: Report) -> Result<Row, Error> {
    report.clean();
    let crash_id = report.uuid;
    let report = serde_json::to_value(&report)
        .map_err(|error| Error::Unexpected { operation: WRITE, what: error.to_string() })?;
    Ok(Row { crash_id, report })
}
