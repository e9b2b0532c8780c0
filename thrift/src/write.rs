//! Writing and deleting. Every cell gets a timestamp from the caller: that makes it harmless to write
//! it twice, or to see a write land that was given up on.
//!
//! Puts and deletes never go in one call, because gateways apply them in an order of their own.

use std::collections::BTreeMap;

use auxilio_common::limits;
use hbase_thrift::hbase::{Mutation, THbaseSyncClient as _};

use crate::client::Client;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;
use crate::put_call::{self, PutCall};
use crate::read::owned;
use crate::row::{Put, check_column, check_key};

impl Client {
    /// Writes a row's cells, all of them or none.
    pub async fn put_row(
        &self,
        table: &str,
        key: &[u8],
        cells: &[Put],
        timestamp: i64,
    ) -> Result<(), Error> {
        let call = put_call::CALL;
        check_key(call, key)?;
        cells.iter().try_for_each(|cell| check_column(call, &cell.column))?;
        let bytes = key.len() + cells.iter().map(Put::bytes).sum::<usize>();
        self.check_size(call, bytes)?;
        let (table, key, cells) = (self.table(table), key.to_vec(), cells.to_vec());
        self.call(write_spec(call, &key), bytes, move |rpc| {
            PutCall { table: &table, key: &key, cells: &cells, timestamp }.make(rpc)
        })
        .await
    }

    /// Deletes all cells of a row up to a timestamp, that moment included. Later writes up to it
    /// stay hidden until the table's next major compaction.
    pub async fn delete_row(&self, table: &str, key: &[u8], timestamp: i64) -> Result<(), Error> {
        let call = "deleteAllRowTs";
        check_key(call, key)?;
        let (table, key) = (self.table(table), key.to_vec());
        self.call(write_spec(call, &key), key.len(), move |rpc| {
            rpc.delete_all_row_ts(table.clone(), key.clone(), timestamp, BTreeMap::new())
        })
        .await
    }

    /// Deletes some columns of a row up to a timestamp, in the same sense.
    pub async fn delete_cells(
        &self,
        table: &str,
        key: &[u8],
        columns: &[&[u8]],
        timestamp: i64,
    ) -> Result<(), Error> {
        let call = "mutateRowTs";
        check_key(call, key)?;
        columns.iter().try_for_each(|column| check_column(call, column))?;
        let bytes = columns.iter().map(|column| column.len() + 48).sum();
        self.check_size(call, bytes)?;
        let (table, key, columns) = (self.table(table), key.to_vec(), owned(columns));
        self.call(write_spec(call, &key), bytes, move |rpc| {
            let deletes =
                columns.iter().map(|column| Mutation::new(true, column.clone(), None, true));
            let (table, key) = (table.clone(), key.clone());
            rpc.mutate_row_ts(table, key, deletes.collect(), timestamp, BTreeMap::new())
        })
        .await
    }

    /// Writes a cell if its column has none; returns whether it did. In all else it is
    /// [`put_if_equal`](Self::put_if_equal).
    pub async fn put_if_absent(&self, table: &str, key: &[u8], put: &Put) -> Result<bool, Error> {
        // An empty expected value means that there is no cell.
        self.put_if_equal(table, key, b"", put).await
    }

    /// Writes a cell if its column's value is `expected`; returns whether it did. An empty one also
    /// means that there is no cell. The one write that carries the server's timestamp, and that is
    /// never repeated by itself: after an error it is unknown whether it happened, and the cell tells.
    pub async fn put_if_equal(
        &self,
        table: &str,
        key: &[u8],
        expected: &[u8],
        put: &Put,
    ) -> Result<bool, Error> {
        let call = "checkAndPut";
        check_key(call, key)?;
        check_column(call, &put.column)?;
        let bytes = key.len() + expected.len() + put.bytes();
        self.check_size(call, bytes)?;
        let (table, key, put) = (self.table(table), key.to_vec(), put.clone());
        let expected = expected.to_vec();
        let spec = Spec { repeatable: false, ..write_spec(call, &key) };
        self.call(spec, bytes, move |rpc| {
            let (table, key, column) = (table.clone(), key.clone(), put.column.clone());
            let (expected, mutation) = (expected.clone(), put.mutation());
            rpc.check_and_put(table, key, column, expected, mutation, BTreeMap::new())
        })
        .await
    }
}

pub(crate) fn write_spec(call: &'static str, key: &[u8]) -> Spec {
    Spec {
        call,
        lane: Lane::of(key),
        repeatable: true,
        reply_bytes: limits::HBASE_SHORT_REPLY_BYTES_MAX,
    }
}
