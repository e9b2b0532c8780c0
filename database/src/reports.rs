//! Reports as readers find them.

use auxilio_common::{CrashId, Generation, Quality, Timestamp};

use crate::jobs::{crash_id, timestamp};
use crate::{Database, Error};

/// What a reader must know of a crash's report before it reads the processed crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The generation that row and store carry.
    pub generation: Generation,
    /// How good that run was.
    pub quality: Quality,
    /// What a change of lists made of its signature since; `None` if it is that of the run.
    pub resigned: Option<NewSignature>,
}

/// What a change of lists gave a report in the place of what its run had given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignature {
    /// The change's number.
    pub change: i64,
    /// The signature.
    pub signature: Option<String>,
    /// The group key.
    pub group_key: Option<String>,
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
    /// Generation, quality and new signature of a crash's report, if it has one: one indexed read.
    pub async fn report_row(&self, crash_id: CrashId) -> Result<Option<ReportRow>, Error> {
        const OPERATION: &str = "look a report up";
        let sql = "SELECT generation, quality, signature_change, signature, group_key
                   FROM reports WHERE crash_day = $1 AND uuid = $2";
        let rows =
            self.query(OPERATION, sql, &[&crash_id.day().date(), &crash_id.to_string()]).await?;
        rows.first()
            .map(|row| {
                let number: i16 = row.get(1);
                let quality = u8::try_from(number)
                    .map_err(|error| error.to_string())
                    .and_then(Quality::try_from)
                    .map_err(|what| Error::Unexpected { operation: OPERATION, what })?;
                let resigned = row.get::<_, Option<i64>>(2).map(|change| NewSignature {
                    change,
                    signature: row.get(3),
                    group_key: row.get(4),
                });
                Ok(ReportRow { generation: Generation(row.get(0)), quality, resigned })
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
