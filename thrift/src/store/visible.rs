//! Writing so that it shows, whatever was deleted before.

use super::HbaseStore;
use super::fault::Fault;
use crate::row::{Put, Row};

/// How far timestamps are moved at most: by 2^40 ms, thirty years.
const STEPS: u32 = 41;

/// Milliseconds to add to a timestamp: 0, 1, 3, 7 ...
pub(super) fn offsets() -> impl Iterator<Item = i64> {
    (0..STEPS).map(|step| (1_i64 << step) - 1)
}

impl HbaseStore {
    /// Writes an index row and looks whether it shows; a row that was deleted hides what is not
    /// newer than itself, so then it is written a little later.
    pub(super) async fn put_visible(
        &self,
        table: &'static str,
        key: &[u8],
        cells: &[Put],
        timestamp: i64,
    ) -> Result<(), Fault> {
        let columns: Vec<&[u8]> = cells.iter().map(|cell| cell.column.as_slice()).collect();
        for offset in offsets() {
            let timestamp = timestamp.saturating_add(offset);
            self.client.put_small_row(table, key, cells, timestamp).await?;
            let row = self.client.look_up(table, key, &columns, 1_000).await?;
            if row.is_some_and(|row| row.cells.len() == cells.len()) {
                return Ok(());
            }
        }
        Err(Fault::Hidden)
    }

    /// Deletes all of an index row's cells, each at its own timestamp.
    pub(super) async fn delete_visible(&self, table: &'static str, row: &Row) -> Result<(), Fault> {
        let mut timestamps: Vec<i64> = row.cells.values().map(|cell| cell.timestamp).collect();
        timestamps.sort_unstable();
        timestamps.dedup();
        for timestamp in timestamps {
            let cells = row.cells.iter().filter(|(_, cell)| cell.timestamp == timestamp);
            let columns: Vec<&[u8]> = cells.map(|(column, _)| column.as_slice()).collect();
            for columns in columns.chunks(COLUMNS_MAX) {
                self.client.delete_small_cells(table, &row.key, columns, timestamp).await?;
            }
        }
        Ok(())
    }
}

/// Columns that one call deletes.
const COLUMNS_MAX: usize = 1_000;
