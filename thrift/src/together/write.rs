//! Writing to small rows: puts, or deletes, of one table and one timestamp.

use std::collections::BTreeMap;

use hbase_thrift::hbase::{BatchMutation, Mutation, THbaseSyncClient as _};

use super::{Ask, Kind, Line, ask};
use crate::client::Client;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;
use crate::read::owned;
use crate::row::{Put, check_column, check_key};
use crate::write::write_spec;

/// What is written to a row.
#[derive(Clone, Debug)]
pub(super) enum Cells {
    /// Cells.
    Put(Vec<Put>),
    /// Nothing any more in these columns, up to the timestamp.
    Delete(Vec<Vec<u8>>),
}

/// A row to be written to.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    table: &'static str,
    key: Vec<u8>,
    cells: Cells,
    timestamp: i64,
}

const CALL: &str = "mutateRowsTs";

impl Client {
    /// Writes a small row as [`put_row`](Self::put_row) does, together with others that are
    /// written at the same time with the same timestamp.
    pub(crate) async fn put_small_row(
        &self,
        table: &'static str,
        key: &[u8],
        cells: &[Put],
        timestamp: i64,
    ) -> Result<(), Error> {
        cells.iter().try_for_each(|cell| check_column(CALL, &cell.column))?;
        self.write_small(table, key, Cells::Put(cells.to_vec()), timestamp).await
    }

    /// Deletes cells of a small row as [`delete_cells`](Self::delete_cells) does, together with
    /// others.
    pub(crate) async fn delete_small_cells(
        &self,
        table: &'static str,
        key: &[u8],
        columns: &[&[u8]],
        timestamp: i64,
    ) -> Result<(), Error> {
        columns.iter().try_for_each(|column| check_column(CALL, column))?;
        self.write_small(table, key, Cells::Delete(owned(columns)), timestamp).await
    }

    async fn write_small(
        &self,
        table: &'static str,
        key: &[u8],
        cells: Cells,
        timestamp: i64,
    ) -> Result<(), Error> {
        check_key(CALL, key)?;
        ask(self, Write { table, key: key.to_vec(), cells, timestamp }).await
    }
}

impl Write {
    fn mutations(&self) -> Vec<Mutation> {
        match &self.cells {
            Cells::Put(cells) => cells.iter().map(Put::mutation).collect(),
            Cells::Delete(columns) => columns
                .iter()
                .map(|column| Mutation::new(true, column.clone(), None, true))
                .collect(),
        }
    }
}

impl Ask for Write {
    type Asked = Client;
    type Answer = ();

    fn line(client: &Client) -> &Line<Self> {
        client.writes()
    }

    /// Puts and deletes stay apart: gateways apply those of one call in an order of their own.
    fn kind(&self) -> Kind {
        (self.table, usize::from(matches!(self.cells, Cells::Put(_))))
    }

    fn goes_with(&self, other: &Self) -> bool {
        self.timestamp == other.timestamp
    }

    fn bytes(&self) -> usize {
        let cells: usize = match &self.cells {
            Cells::Put(cells) => cells.iter().map(Put::bytes).sum(),
            Cells::Delete(columns) => columns.iter().map(|column| column.len() + 48).sum(),
        };
        self.key.len() + cells
    }

    async fn alone(self, client: &Client) -> Result<(), Error> {
        match &self.cells {
            Cells::Put(cells) => client.put_row(self.table, &self.key, cells, self.timestamp).await,
            Cells::Delete(columns) => {
                let columns: Vec<&[u8]> = columns.iter().map(Vec::as_slice).collect();
                client.delete_cells(self.table, &self.key, &columns, self.timestamp).await
            }
        }
    }

    async fn together(asks: Vec<Self>, client: &Client) -> Result<Vec<()>, Error> {
        let Some(first) = asks.first() else { return Ok(Vec::new()) };
        let (table, timestamp) = (client.table(first.table), first.timestamp);
        let (bytes, count) = (asks.iter().map(Self::bytes).sum(), asks.len());
        client.check_size(CALL, bytes)?;
        let spec = Spec { lane: Lane::TOGETHER, ..write_spec(CALL, &first.key) };
        let call = client.call(spec, bytes, move |rpc| {
            let rows = asks.iter().map(|ask| BatchMutation::new(ask.key.clone(), ask.mutations()));
            rpc.mutate_rows_ts(table.clone(), rows.collect(), timestamp, BTreeMap::new())
        });
        call.await?;
        Ok(vec![(); count])
    }
}
