//! Writing many small rows together, and finding the one that spoils it.

use std::collections::BTreeMap;

use futures::future::join_all;
use hbase_thrift::hbase::{BatchMutation, THbaseSyncClient as _};

use crate::client::Client;
use crate::error::Error;
use crate::lane::Lane;
use crate::row::{Put, RowPut, check_column, check_key};
use crate::write::write_spec;

/// Rows of one call.
const ROWS_MAX: usize = 64;

/// Bytes of one call.
const BYTES_MAX: usize = 1024 * 1024;

impl Client {
    /// Writes rows, many in one call where salt and timestamp are the same. Returns what could not
    /// be written, by its place in `rows`.
    ///
    /// A failed call says neither which row it was nor which were stored, so its rows are then
    /// written one by one: only those that fail alone are returned.
    pub async fn put_rows(&self, table: &str, rows: &[RowPut]) -> Vec<(usize, Error)> {
        let batches = batches(rows);
        let written = batches.iter().map(|places| self.put_batch(table, rows, places));
        join_all(written).await.into_iter().flatten().collect()
    }

    async fn put_batch(
        &self,
        table: &str,
        rows: &[RowPut],
        places: &[usize],
    ) -> Vec<(usize, Error)> {
        let batch: Vec<_> = places.iter().filter_map(|place| rows.get(*place)).collect();
        if batch.len() > 1 && self.put_together(table, &batch).await.is_ok() {
            return Vec::new();
        }
        let alone = places.iter().zip(batch).map(async |(place, row)| {
            let put = self.put_row(table, &row.key, &row.cells, row.timestamp).await;
            put.err().map(|error| (*place, error))
        });
        join_all(alone).await.into_iter().flatten().collect()
    }

    async fn put_together(&self, table: &str, batch: &[&RowPut]) -> Result<(), Error> {
        let call = "mutateRowsTs";
        for row in batch {
            check_key(call, &row.key)?;
            row.cells.iter().try_for_each(|cell| check_column(call, &cell.column))?;
        }
        let Some(first) = batch.first() else { return Ok(()) };
        let (bytes, timestamp) = (batch.iter().map(|row| bytes(row)).sum(), first.timestamp);
        self.check_size(call, bytes)?;
        let spec = write_spec(call, &first.key);
        let table = self.table(table);
        let batch: Vec<_> = batch.iter().map(|row| (*row).clone()).collect();
        self.call(spec, bytes, move |rpc| {
            let rows = batch.iter().map(|row| {
                let cells: Vec<_> = row.cells.iter().map(Put::mutation).collect();
                BatchMutation::new(row.key.clone(), cells)
            });
            rpc.mutate_rows_ts(table.clone(), rows.collect(), timestamp, BTreeMap::new())
        })
        .await
    }
}

fn bytes(row: &RowPut) -> usize {
    row.key.len() + row.cells.iter().map(Put::bytes).sum::<usize>()
}

/// The places of the rows that go together: one lane, one timestamp, no row twice, not too much.
fn batches(rows: &[RowPut]) -> Vec<Vec<usize>> {
    /// Places, and their bytes.
    type Batch = (Vec<usize>, usize);
    let mut groups: BTreeMap<(usize, i64), Vec<Batch>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let group = groups.entry((Lane::of(&row.key).index(), row.timestamp)).or_default();
        let bytes = bytes(row);
        match group.last_mut() {
            Some((places, total)) if places.len() < ROWS_MAX && *total + bytes <= BYTES_MAX => {
                places.push(place);
                *total += bytes;
            }
            _ => group.push((vec![place], bytes)),
        }
    }
    groups.into_values().flatten().map(|(places, _)| places).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, size: usize, timestamp: i64) -> RowPut {
        RowPut { key: key.into(), cells: vec![Put::new("f:q", vec![0; size])], timestamp }
    }

    #[test]
    fn rows_go_together_by_salt_and_timestamp_within_bounds() {
        let rows = [row("a1", 9, 1), row("b1", 9, 1), row("a2", 9, 1), row("a3", 9, 2)];
        assert_eq!(batches(&rows), [vec![0, 2], vec![3], vec![1]]);
        let many: Vec<_> = (0..130).map(|number| row(&format!("a{number}"), 9, 1)).collect();
        let sizes: Vec<_> = batches(&many).iter().map(Vec::len).collect();
        assert_eq!(sizes, [64, 64, 2]);
        let large = [row("a1", 700_000, 1), row("a2", 700_000, 1), row("a3", 9, 1)];
        assert_eq!(batches(&large), [vec![0], vec![1, 2]]);
    }
}
