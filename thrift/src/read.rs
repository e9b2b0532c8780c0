//! Reading rows by their keys.

use std::collections::{BTreeMap, BTreeSet};

use auxilio_common::limits;
use hbase_thrift::hbase::THbaseSyncClient as _;

use crate::client::Client;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;
use crate::row::{Cell, Row, check_answered, check_column, check_key};

impl Client {
    /// Reads a row's newest cells; `None` if it has none of the columns.
    ///
    /// A column is `family:qualifier`, or a family for all of it; none at all is the whole row.
    /// `bytes` is about what the answer will have, for the bound on all that is under way.
    pub async fn get_row(
        &self,
        table: &str,
        key: &[u8],
        columns: &[&[u8]],
        bytes: usize,
    ) -> Result<Option<Row>, Error> {
        let call = "getRowWithColumns";
        check_key(call, key)?;
        let spec = read_spec(call, key);
        let (table, key, columns) = (self.table(table), key.to_vec(), owned(columns));
        let rows = self.call(spec, bytes, move |rpc| {
            let (table, columns) = (table.clone(), columns.clone());
            let rows = rpc.get_row_with_columns(table, key.clone(), columns, BTreeMap::new())?;
            check_answered(rows, |answered| answered == key)
        });
        Ok(rows.await?.into_iter().next().map(Row::of))
    }

    /// Reads a row as it was before a moment, in milliseconds since the epoch: of each column the
    /// newest cell of those with a lower timestamp that are still kept.
    pub async fn get_row_before(
        &self,
        table: &str,
        key: &[u8],
        columns: &[&[u8]],
        moment: i64,
        bytes: usize,
    ) -> Result<Option<Row>, Error> {
        let call = "getRowWithColumnsTs";
        check_key(call, key)?;
        let (table, key, columns) = (self.table(table), key.to_vec(), owned(columns));
        let rows = self.call(read_spec(call, &key), bytes, move |rpc| {
            let (table, columns) = (table.clone(), columns.clone());
            let none = BTreeMap::new();
            let rows = rpc.get_row_with_columns_ts(table, key.clone(), columns, moment, none)?;
            check_answered(rows, |answered| answered == key)
        });
        Ok(rows.await?.into_iter().next().map(Row::of))
    }

    /// Reads up to `count` versions of a cell, the newest first; `before` leaves out those of that
    /// moment and later. None at all is no error.
    pub async fn get_versions(
        &self,
        table: &str,
        key: &[u8],
        column: &[u8],
        count: usize,
        before: Option<i64>,
        bytes: usize,
    ) -> Result<Vec<Cell>, Error> {
        let call = "getVerTs";
        check_key(call, key)?;
        check_column(call, column)?;
        let count = i32::try_from(count.min(limits::HBASE_CONTAINER_ELEMENTS_MAX)).unwrap_or(1);
        if count == 0 {
            return Ok(Vec::new());
        }
        let (table, key, column) = (self.table(table), key.to_vec(), column.to_vec());
        let cells = self.call(read_spec(call, &key), bytes, move |rpc| {
            let (table, key, column) = (table.clone(), key.clone(), column.clone());
            match before {
                Some(moment) => rpc.get_ver_ts(table, key, column, moment, count, BTreeMap::new()),
                None => rpc.get_ver(table, key, column, count, BTreeMap::new()),
            }
        });
        Ok(cells.await?.into_iter().filter_map(Cell::of).collect())
    }

    /// Reads several rows, which should have one salt. Rows that are not there are left out.
    pub async fn get_rows(
        &self,
        table: &str,
        keys: &[Vec<u8>],
        columns: &[&[u8]],
        bytes: usize,
    ) -> Result<Vec<Row>, Error> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let (table, lane) = (self.table(table), Lane::of(first));
        self.get_rows_in(lane, table, keys.to_vec(), owned(columns), bytes).await
    }

    /// The same in a lane of the caller's choice; `table` is its whole name.
    pub(crate) async fn get_rows_in(
        &self,
        lane: Lane,
        table: Vec<u8>,
        keys: Vec<Vec<u8>>,
        columns: Vec<Vec<u8>>,
        bytes: usize,
    ) -> Result<Vec<Row>, Error> {
        let call = "getRowsWithColumns";
        keys.iter().try_for_each(|key| check_key(call, key))?;
        let spec = Spec { lane, ..read_spec(call, keys.first().map_or(&[], Vec::as_slice)) };
        let rows = self.call(spec, bytes, move |rpc| {
            let (table, columns) = (table.clone(), columns.clone());
            let rows = rpc.get_rows_with_columns(table, keys.clone(), columns, BTreeMap::new())?;
            let asked: BTreeSet<_> = keys.iter().map(Vec::as_slice).collect();
            check_answered(rows, |answered| asked.contains(answered))
        });
        Ok(rows.await?.into_iter().map(Row::of).collect())
    }
}

fn read_spec(call: &'static str, key: &[u8]) -> Spec {
    let reply_bytes = limits::HBASE_REPLY_BYTES_MAX;
    Spec { call, lane: Lane::of(key), repeatable: true, reply_bytes }
}

pub(crate) fn owned(columns: &[&[u8]]) -> Vec<Vec<u8>> {
    columns.iter().map(|column| column.to_vec()).collect()
}
