//! Reports as far as their signatures go, with what each was made from.

use auxilio_common::{CrashId, Day, Generation};

use crate::frames::Frames;
use crate::jobs::crash_id;
use crate::{Database, Error};

/// A crash with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCrash {
    /// The crash.
    pub crash_id: CrashId,
    /// The run that made its report.
    pub generation: Generation,
    /// Its product: the lists depend on it.
    pub product: Option<String>,
    /// Its signature at present.
    pub signature: Option<String>,
    /// Its group key at present.
    pub group_key: Option<String>,
    /// The change that gave them to it; `None` if its run did.
    pub change: Option<i64>,
    /// What they are made from; `None` if nothing of this run was kept.
    pub frames: Option<Frames>,
}

impl Database {
    /// The reports of a day with their signatures, in the order of ids, after `after`, at most `limit`.
    pub async fn signed_crashes(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<SignedCrash>, Error> {
        const OPERATION: &str = "read what signatures are made from";
        let sql = "SELECT reports.uuid, reports.generation, product, signature, group_key, data,
                       signature_change
                   FROM reports LEFT JOIN frames
                       ON frames.crash_day = $1 AND frames.uuid = reports.uuid
                       AND frames.generation = reports.generation
                   WHERE reports.crash_day = $1 AND reports.uuid > $2
                   ORDER BY reports.uuid LIMIT $3";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.query(OPERATION, sql, &[&day.date(), &after, &limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(SignedCrash {
                    crash_id: crash_id(OPERATION, row, 0)?,
                    generation: Generation(row.get(1)),
                    product: row.get(2),
                    signature: row.get(3),
                    group_key: row.get(4),
                    change: row.get(6),
                    frames: row.get::<_, Option<Vec<u8>>>(5).map(Frames::stored),
                })
            })
            .collect()
    }
}
