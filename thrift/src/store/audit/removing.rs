//! Removing what no crash needs: rows of indexes without a crash, and the remains of puts.
//!
//! A crashmover may come with the crash at any moment, also while its remains are being removed, and
//! must never be left with a manifest whose chunks are gone. So an *empty manifest* is written
//! first, by checkAndPut and only where there is none; it has the server's timestamp. From then on
//! a mover's own manifest, whose timestamp is the crash's arrival, does not show, and the mover, who
//! looks, writes all of it again a little later (see [`super::super::visible`]). Chunks are deleted
//! next, those older than the empty manifest: a try that shows is never touched. Last, and by one
//! call, all cells that a mover writes together with the manifest are deleted up to the timestamp of
//! the empty one. So of a mover's last call either all shows or nothing: without our mark and with
//! its JSON, the row would be one of Socorro's. A removal that is cut leaves an unfinished crash with
//! an empty manifest; the next one begins anew.
//!
//! A removed crash that comes all the same costs its mover some thirty writes of its bytes: one, two,
//! four ... milliseconds later than its arrival, until it is past the removal.

use auxilio_common::CrashId;
use auxilio_common::audit::{Astray, Index, Stray};

use super::super::fault::Fault;
use super::super::schema::CRASHES;
use super::super::{HbaseStore, columns, keys};
use super::INDEX_BYTES;
use super::looking::table_of;
use super::rows::is_none;
use crate::row::Put;

/// The columns of the last call of a put, chunks aside.
const TOGETHER: [&[u8]; 7] = [
    columns::MANIFEST,
    columns::JSON,
    columns::FORMAT,
    columns::CRASH_ID,
    columns::HANG_ID,
    columns::SUBMITTED,
    columns::PROCESSED_FLAG,
];

impl HbaseStore {
    /// Removes an orphan that still is one; says whether it did.
    pub(in super::super) async fn remove_orphan(&self, stray: &Stray) -> Result<bool, Fault> {
        let crash_id = stray.crash_id;
        match &stray.what {
            Astray::Unfinished { .. } => self.remove_unfinished(crash_id).await,
            Astray::RowAlone { index, row } => self.remove_row_alone(crash_id, *index, row).await,
            Astray::Damaged { .. } | Astray::ProcessedAlone | Astray::Unlisted(_) => Ok(false),
        }
    }

    async fn remove_unfinished(&self, crash_id: CrashId) -> Result<bool, Fault> {
        let key = keys::crash(crash_id);
        if !self.is_unfinished(crash_id).await? {
            return Ok(false);
        }
        let Some(marked_at) = self.mark(&key).await? else { return Ok(false) };
        if let Some(mut row) = self.names(&key).await? {
            row.cells.retain(|column, cell| {
                !TOGETHER.contains(&column.as_slice()) && cell.timestamp < marked_at
            });
            self.delete_visible(CRASHES, &row).await?;
        }
        self.client.delete_cells(CRASHES, &key, &TOGETHER, marked_at).await?;
        Ok(true)
    }

    /// Writes the empty manifest; its timestamp, or `None` where a mover was first.
    async fn mark(&self, key: &[u8]) -> Result<Option<i64>, Fault> {
        let empty = Put::new(columns::MANIFEST, "");
        if !self.client.put_if_absent(CRASHES, key, &empty).await? {
            return Ok(None);
        }
        let row = self.client.get_row(CRASHES, key, &[columns::MANIFEST], INDEX_BYTES).await?;
        let manifest = row.as_ref().and_then(|row| row.cell(columns::MANIFEST));
        Ok(manifest.filter(|cell| cell.value.is_empty()).map(|cell| cell.timestamp))
    }

    /// Under the same mark: a mover who comes now or later sees that his manifest does not show, and
    /// then writes his rows of the indexes so that they do.
    async fn remove_row_alone(
        &self,
        crash_id: CrashId,
        index: Index,
        key: &[u8],
    ) -> Result<bool, Fault> {
        if !is_none(self.state_of(crash_id).await?) {
            return Ok(false);
        }
        let Some(row) = self.index_row(crash_id, index, key).await? else { return Ok(false) };
        let crash_key = keys::crash(crash_id);
        let Some(marked_at) = self.mark(&crash_key).await? else { return Ok(false) };
        self.delete_visible(table_of(index), &row).await?;
        self.client.delete_cells(CRASHES, &crash_key, &TOGETHER, marked_at).await?;
        // A crash that came at this moment may have taken our row for its own.
        if let Ok(Some(crash)) = self.raw_crash(crash_id).await {
            self.show_index_rows(&crash).await?;
        }
        Ok(true)
    }
}
