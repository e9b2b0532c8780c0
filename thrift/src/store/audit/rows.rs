//! Rows of the indexes without a crash behind them.

use std::collections::{BTreeMap, HashMap, HashSet};

use auxilio_common::audit::{Astray, Index, Stray};
use auxilio_common::{CrashId, Timestamp};
use futures::{StreamExt, TryStreamExt};

use super::super::fault::Fault;
use super::super::index::ROWS_AT_ONCE;
use super::super::schema::CRASHES;
use super::super::{HbaseStore, keys};
use super::CRASH_BYTES;
use super::state::{COLUMNS, State, state};
use crate::row::Row;

/// Crashes that one call looks up.
const LOOK_UP_CRASHES: usize = 200;

/// A row of an index, or a cell of one, and its crash.
struct Lead {
    crash_id: CrashId,
    key: Vec<u8>,
    timestamp: i64,
}

impl HbaseStore {
    /// Rows of an index by time. They were read before the crashes are looked up: a crash whose row
    /// shows was there first.
    pub(super) async fn audit_timed(
        &self,
        index: Index,
        rows: &[Row],
    ) -> Result<Vec<Stray>, Fault> {
        let leads = rows.iter().filter_map(|row| {
            let (_, crash_id) = keys::timed_of(&row.key)?;
            let timestamp = row.cells.values().map(|cell| cell.timestamp).max()?;
            Some(Lead { crash_id, key: row.key.clone(), timestamp })
        });
        self.without_crashes(index, leads.collect()).await
    }

    pub(super) async fn audit_hangs(&self, rows: &[Row]) -> Result<Vec<Stray>, Fault> {
        let cells = rows.iter().flat_map(|row| row.cells.values().map(move |cell| (row, cell)));
        let leads = cells.filter_map(|(row, cell)| {
            let crash_id = keys::id(&cell.value)?;
            Some(Lead { crash_id, key: row.key.clone(), timestamp: cell.timestamp })
        });
        self.without_crashes(Index::Hang, leads.collect()).await
    }

    async fn without_crashes(&self, index: Index, leads: Vec<Lead>) -> Result<Vec<Stray>, Fault> {
        let ids: HashSet<CrashId> = leads.iter().map(|lead| lead.crash_id).collect();
        let states = self.states(ids).await?;
        let leads = leads.into_iter().filter(|lead| is_none(states.get(&lead.crash_id).copied()));
        Ok(leads
            .map(|Lead { crash_id, key, timestamp }| Stray {
                crash_id,
                since: Timestamp::from_micros(timestamp.saturating_mul(1_000)),
                what: Astray::RowAlone { index, row: key },
            })
            .collect())
    }

    /// What the rows of crashes are; those without a row are left out.
    pub(super) async fn states(
        &self,
        ids: HashSet<CrashId>,
    ) -> Result<HashMap<CrashId, State>, Fault> {
        let mut by_salt = BTreeMap::<u8, Vec<Vec<u8>>>::new();
        for id in ids {
            by_salt.entry(id.salt()).or_default().push(keys::crash(id));
        }
        let mut batches: Vec<Vec<Vec<u8>>> = Vec::new();
        for keys in by_salt.values() {
            batches.extend(keys.chunks(LOOK_UP_CRASHES).map(<[_]>::to_vec));
        }
        let looks = futures::stream::iter(batches).map(|keys| async move {
            let bytes = keys.len() * CRASH_BYTES;
            self.client.get_rows(CRASHES, &keys, &COLUMNS, bytes).await
        });
        let rows: Vec<Vec<Row>> = looks.buffered(ROWS_AT_ONCE / 4).try_collect().await?;
        let rows = rows.iter().flatten();
        Ok(rows.filter_map(|row| Some((keys::crash_of(&row.key)?, state(row)))).collect())
    }
}

/// Whether there is no raw crash: no row, or remains of one. Whatever else it is, it is somebody's.
pub(super) fn is_none(state: Option<State>) -> bool {
    matches!(state, None | Some(State::Unfinished))
}
