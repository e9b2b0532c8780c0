//! Changes of signatures: their records, and the batches in which they are applied and taken back.

use auxilio_common::{CrashId, Day, Generation, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::ToSql;

use crate::jobs::unexpected;
use crate::{Database, Error};

/// A change, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureChange {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub state: ChangeState,
    /// What its lists are called.
    pub lists: String,
    /// SHA-256 of what they say.
    pub digest: String,
    /// The first day of crashes that it is about.
    pub from_day: Day,
    /// The last one.
    pub to_day: Day,
    /// Who applied it.
    pub applied_by: String,
    /// When that began.
    pub began_at: Timestamp,
    /// When it was through with all days.
    pub applied_at: Option<Timestamp>,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// When that began.
    pub undo_began_at: Option<Timestamp>,
    /// When all was taken back.
    pub undone_at: Option<Timestamp>,
    /// The day of the last crash that was looked at.
    pub seen_day: Option<Day>,
    /// That crash.
    pub seen_uuid: Option<CrashId>,
    /// Crashes that were looked at: the sum of the next five.
    pub looked_at: u64,
    /// Those that got another signature.
    pub changed: u64,
    /// Those that got another group key alone.
    pub rekeyed: u64,
    /// Those that stayed as they were.
    pub unchanged: u64,
    /// Those that nothing was kept of to sign them by.
    pub without_frames: u64,
    /// Those that were processed again at that moment.
    pub overtaken: u64,
    /// Crashes that have their old signature again.
    pub restored: u64,
    /// Those that were processed again since, and keep what that gave them.
    pub reprocessed: u64,
    /// Those whose row was written anew from the store.
    pub rewritten: u64,
    /// Those that have no report any more.
    pub gone: u64,
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeState {
    /// Not all days have been gone through.
    Applying,
    /// All have.
    Applied,
    /// Not all of it is taken back.
    Undoing,
    /// All of it is.
    Undone,
}

/// What a new change is about.
#[derive(Clone, Debug)]
pub struct NewChange<'a> {
    /// Who applies it.
    pub by: &'a str,
    /// What its lists are called.
    pub lists: &'a str,
    /// SHA-256 of what they say.
    pub digest: &'a str,
    /// The first day of crashes.
    pub from: Day,
    /// The last one.
    pub to: Day,
}

/// A crash that gets another signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resigned {
    /// The crash.
    pub uuid: CrashId,
    /// The run whose report was looked at.
    pub generation: Generation,
    /// The change that the report had its signature from.
    pub change_was: Option<i64>,
    /// This change.
    pub change: i64,
    /// The signature.
    pub signature: String,
    /// The group key.
    pub group_key: Option<String>,
}

/// Crashes of one day that were looked at together.
#[derive(Clone, Debug)]
pub struct ResignedBatch {
    /// The last of them: the next batch begins behind it.
    pub last: CrashId,
    /// How many there were.
    pub looked_at: u64,
    /// How many of them nothing was kept of.
    pub without_frames: u64,
    /// Those that get another signature or group key.
    pub rows: Vec<Resigned>,
}

/// How taking a change back begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoBegun {
    /// It is at work, or was before.
    Undoing,
    /// It was done before.
    Undone,
    /// There is no such change.
    Unknown,
    /// A later change stands and must be taken back first.
    Later,
    /// Another change is at work.
    Busy,
}

impl Database {
    /// Begins a change, unless one is at work. Answers the one that is at work now.
    pub async fn begin_signature_change(
        &self,
        new: &NewChange<'_>,
    ) -> Result<SignatureChange, Error> {
        const OPERATION: &str = "begin a change of signatures";
        let sql = "SELECT to_jsonb(work) FROM begin_signature_change($1, $2, $3, $4, $5) AS work";
        let NewChange { by, lists, digest, from, to } = new;
        let row =
            self.query_one(OPERATION, sql, &[by, lists, digest, &from.date(), &to.date()]).await?;
        change(OPERATION, row.get(0))
    }

    /// All changes, or the one of a number; the latest first.
    pub async fn signature_changes(&self, id: Option<i64>) -> Result<Vec<SignatureChange>, Error> {
        const OPERATION: &str = "read changes of signatures";
        let sql = "SELECT to_jsonb(signature_changes) FROM signature_changes
                   WHERE id = coalesce($1, id) ORDER BY id DESC";
        let rows = self.query(OPERATION, sql, &[&id]).await?;
        rows.iter().map(|row| change(OPERATION, row.get(0))).collect()
    }

    /// Writes a batch of a change that has come as far as `change` says. False if it has come further
    /// meanwhile or is not being applied any more: then nothing was written.
    pub async fn resign_reports(
        &self,
        change: &SignatureChange,
        batch: &ResignedBatch,
    ) -> Result<bool, Error> {
        match self.try_resign_reports(change, batch).await {
            Err(error) if error.is_missing_partition() => {
                self.ensure_partitions_for([batch.last.day()]).await?;
                self.try_resign_reports(change, batch).await
            }
            answer => answer,
        }
    }

    async fn try_resign_reports(
        &self,
        change: &SignatureChange,
        batch: &ResignedBatch,
    ) -> Result<bool, Error> {
        const OPERATION: &str = "write signatures";
        let sql = "SELECT resign_reports($1, $2, $3, $4, $5, $6, $7, $8)";
        let rows = serde_json::to_value(&batch.rows)
            .map_err(|error| Error::Unexpected { operation: OPERATION, what: error.to_string() })?;
        let (after_day, after) = seen(change);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let parameters: [&(dyn ToSql + Sync); 8] = [
            &change.id,
            &after_day,
            &after,
            &batch.last.day().date(),
            &batch.last.to_string(),
            &number(batch.looked_at),
            &number(batch.without_frames),
            &rows,
        ];
        Ok(self.query_one(OPERATION, sql, &parameters).await?.get(0))
    }

    /// Says that a change is through with all its days; false as above.
    pub async fn end_signature_change(&self, change: &SignatureChange) -> Result<bool, Error> {
        let sql = "SELECT end_signature_change($1, $2, $3)";
        let (day, uuid) = seen(change);
        let row =
            self.query_one("end a change of signatures", sql, &[&change.id, &day, &uuid]).await?;
        Ok(row.get(0))
    }

    /// Begins to take a change back.
    pub async fn begin_signature_undo(&self, id: i64, by: &str) -> Result<UndoBegun, Error> {
        const OPERATION: &str = "begin to undo a change of signatures";
        let sql = "SELECT begin_signature_undo($1, $2)";
        let row = self.query_one(OPERATION, sql, &[&id, &by]).await?;
        match row.get(0) {
            "undoing" => Ok(UndoBegun::Undoing),
            "undone" => Ok(UndoBegun::Undone),
            "unknown" => Ok(UndoBegun::Unknown),
            "later" => Ok(UndoBegun::Later),
            "busy" => Ok(UndoBegun::Busy),
            other => Err(unexpected(OPERATION, other)),
        }
    }

    /// Takes one batch of a change back; false if nothing is left.
    pub async fn undo_signatures(&self, id: i64, limit: usize) -> Result<bool, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT undo_signatures($1, $2)";
        Ok(self.query_one("undo a change of signatures", sql, &[&id, &limit]).await?.get(0))
    }
}

fn seen(change: &SignatureChange) -> (Option<time::Date>, Option<String>) {
    (change.seen_day.map(Day::date), change.seen_uuid.map(|id| id.to_string()))
}

fn change(operation: &'static str, row: Value) -> Result<SignatureChange, Error> {
    serde_json::from_value(row)
        .map_err(|error| Error::Unexpected { operation, what: error.to_string() })
}
