//! Reading rows by their keys.

use std::collections::{BTreeMap, BTreeSet};

use auxilio_common::limits;

use crate::client::Client;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;
use crate::row::{Row, check_answered, check_key};

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
        let spec = Spec {
            call,
            lane: Lane::of(key),
            repeatable: true,
            reply_bytes: limits::HBASE_REPLY_BYTES_MAX,
        };
        let (table, key, columns) = (self.table(table), key.to_vec(), owned(columns));
        let rows = self.call(spec, bytes, move |rpc| {
            use hbase_thrift::hbase::THbaseSyncClient as _;
            let (table, columns) = (table.clone(), columns.clone());
            let rows = rpc.get_row_with_columns(table, key.clone(), columns, BTreeMap::new())?;
            check_answered(rows, |answered| answered == key)
        });
        Ok(rows.await?.into_iter().next().map(Row::of))
    }

    /// Reads several rows, which should have one salt. Rows that are not there are left out.
    pub async fn get_rows(
        &self,
        table: &str,
        keys: &[Vec<u8>],
        columns: &[&[u8]],
        bytes: usize,
    ) -> Result<Vec<Row>, Error> {
        let call = "getRowsWithColumns";
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        keys.iter().try_for_each(|key| check_key(call, key))?;
        let spec = Spec {
            call,
            lane: Lane::of(first),
            repeatable: true,
            reply_bytes: limits::HBASE_REPLY_BYTES_MAX,
        };
        let (table, keys, columns) = (self.table(table), keys.to_vec(), owned(columns));
        let rows = self.call(spec, bytes, move |rpc| {
            use hbase_thrift::hbase::THbaseSyncClient as _;
            let (table, columns) = (table.clone(), columns.clone());
            let rows = rpc.get_rows_with_columns(table, keys.clone(), columns, BTreeMap::new())?;
            let asked: BTreeSet<_> = keys.iter().map(Vec::as_slice).collect();
            check_answered(rows, |answered| asked.contains(answered))
        });
        Ok(rows.await?.into_iter().map(Row::of).collect())
    }
}

pub(crate) fn owned(columns: &[&[u8]]) -> Vec<Vec<u8>> {
    columns.iter().map(|column| column.to_vec()).collect()
}
