//! A second look at a stray: whether it still is one.

use auxilio_common::CrashId;
use auxilio_common::audit::{Astray, Index, Stray};

use super::super::fault::Fault;
use super::super::schema::{CRASHES, HANGS, SUBMITTED, UNPROCESSED};
use super::super::{HbaseStore, keys};
use super::dumps::FAMILIES;
use super::rows::is_none;
use super::state::{COLUMNS, State, state};
use super::{INDEX_BYTES, NAMES_BYTES};
use crate::row::Row;
use crate::scan::{Scan, after};

impl HbaseStore {
    pub(in super::super) async fn is_still_astray(&self, stray: &Stray) -> Result<bool, Fault> {
        let crash_id = stray.crash_id;
        Ok(match &stray.what {
            Astray::Unfinished { .. } => self.is_unfinished(crash_id).await?,
            Astray::ProcessedAlone => self.state_of(crash_id).await? == Some(State::ProcessedAlone),
            Astray::Damaged { .. } => {
                let now = self.damage_of(crash_id).await?;
                now.iter().any(|now| matches!(now.what, Astray::Damaged { .. }))
            }
            Astray::Unlisted(_) => match self.raw_crash(crash_id).await {
                Ok(Some(crash)) => !self.is_listed(&crash).await?,
                Ok(None) | Err(Fault::NotYet) => false,
                // Where its rows belong is not known any more.
                Err(Fault::Json(_) | Fault::Chunk(_)) => true,
                Err(fault) => return Err(fault),
            },
            Astray::RowAlone { index, row } => {
                is_none(self.state_of(crash_id).await?)
                    && self.index_row(crash_id, *index, row).await?.is_some()
            }
        })
    }

    /// Whether a row has parts of a raw crash, and neither a whole one nor anything of somebody else.
    pub(super) async fn is_unfinished(&self, crash_id: CrashId) -> Result<bool, Fault> {
        if let Some(state) = self.state_of(crash_id).await? {
            return Ok(state == State::Unfinished);
        }
        // Chunks may stand there without any mark of ours.
        let names = self.names(&keys::crash(crash_id)).await?;
        Ok(names.is_some_and(|row| row.cells.keys().all(|column| column.contains(&b'#'))))
    }

    pub(super) async fn state_of(&self, crash_id: CrashId) -> Result<Option<State>, Fault> {
        let row = self.client.get_row(CRASHES, &keys::crash(crash_id), &COLUMNS, 4_096).await?;
        Ok(row.map(|row| state(&row)))
    }

    /// A crash's row of an index, or its cells of a hang's.
    pub(super) async fn index_row(
        &self,
        crash_id: CrashId,
        index: Index,
        key: &[u8],
    ) -> Result<Option<Row>, Fault> {
        let row = self.client.get_row(table_of(index), key, &[b"ids"], INDEX_BYTES).await?;
        let Some(mut row) = row else { return Ok(None) };
        if index == Index::Hang {
            // Other crashes may have had the hang as well.
            row.cells.retain(|_, cell| keys::id(&cell.value) == Some(crash_id));
        }
        Ok((!row.cells.is_empty()).then_some(row))
    }

    async fn damage_of(&self, crash_id: CrashId) -> Result<Vec<Stray>, Fault> {
        let key = keys::crash(crash_id);
        let (stop, filter) = (after(&key), "KeyOnlyFilter()");
        let scan = Scan { table: CRASHES, start: &key, stop: &stop, columns: &FAMILIES, filter };
        let names = self.client.scan_page(&scan, 1, NAMES_BYTES).await?;
        self.audit_dumps(&names).await
    }
}

/// The table of an index.
pub(super) fn table_of(index: Index) -> &'static str {
    match index {
        Index::Submitted => SUBMITTED,
        Index::Unprocessed => UNPROCESSED,
        Index::Hang => HANGS,
    }
}
