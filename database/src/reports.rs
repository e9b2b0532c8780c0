//! Reports as readers find them.

use auxilio_common::{CrashId, Generation, Quality, Timestamp};

use crate::jobs::{crash_id, timestamp};
use crate::{Database, Error};

/// What a reader must know of a crash's report before it reads the processed crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The generation that row and store carry.
    pub generation: Generation,
    /// How good that run was.
    pub quality: Quality,
}

/// A report in a list: nothing in it is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// The crash.
    pub crash_id: CrashId,
    /// When it was submitted.
    pub date_processed: Timestamp,
    /// The product.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The bucket that it belongs to.
    pub signature: Option<String>,
    /// The kind of crash.
    pub reason: Option<String>,
    /// The operating system.
    pub os_name: Option<String>,
    /// The kind of process; `None` for the main one.
    pub process_type: Option<String>,
}

impl Database {
    /// Generation and quality of a crash's report, if it has one: one indexed read.
    pub async fn report_row(&self, crash_id: CrashId) -> Result<Option<ReportRow>, Error> {
        const OPERATION: &str = "look a report up";
        let sql = "SELECT generation, quality FROM reports WHERE crash_day = $1 AND uuid = $2";
        let rows =
            self.query(OPERATION, sql, &[&crash_id.day().date(), &crash_id.to_string()]).await?;
        rows.first()
            .map(|row| {
                let number: i16 = row.get(1);
                let quality = u8::try_from(number)
                    .map_err(|error| error.to_string())
                    .and_then(Quality::try_from)
                    .map_err(|what| Error::Unexpected { operation: OPERATION, what })?;
                Ok(ReportRow { generation: Generation(row.get(0)), quality })
            })
            .transpose()
    }

    /// The reports of the crashes that were submitted last, newest first.
    pub async fn latest_reports(&self, limit: usize) -> Result<Vec<ReportLine>, Error> {
        const OPERATION: &str = "list the latest reports";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT uuid, date_processed, product, version, signature, reason, os_name,
                       process_type
                   FROM reports ORDER BY date_processed DESC, uuid LIMIT $1";
        let rows = self.query(OPERATION, sql, &[&limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(ReportLine {
                    crash_id: crash_id(OPERATION, row, 0)?,
                    date_processed: timestamp(row, 1),
                    product: row.get(2),
                    version: row.get(3),
                    signature: row.get(4),
                    reason: row.get(5),
                    os_name: row.get(6),
                    process_type: row.get(7),
                })
            })
            .collect()
    }
}
