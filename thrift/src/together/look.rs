//! Reading small rows, of one table and with the same columns.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ask, Kind, Line, ask};
use crate::client::Client;
use crate::error::Error;
use crate::lane::Lane;
use crate::read::owned;
use crate::row::{Row, check_key};

/// A row to be read.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    table: &'static str,
    key: Vec<u8>,
    columns: Vec<Vec<u8>>,
    bytes: usize,
}

impl Client {
    /// Reads a small row as [`get_row`](Self::get_row) does, together with others that are asked
    /// for at the same time.
    pub(crate) async fn look_up(
        &self,
        table: &'static str,
        key: &[u8],
        columns: &[&[u8]],
        bytes: usize,
    ) -> Result<Option<Row>, Error> {
        check_key("getRowsWithColumns", key)?;
        ask(self, Look { table, key: key.to_vec(), columns: owned(columns), bytes }).await
    }
}

impl Ask for Look {
    type Asked = Client;
    type Answer = Option<Row>;

    fn line(client: &Client) -> &Line<Self> {
        client.looks()
    }

    fn kind(&self) -> Kind {
        (self.table, self.columns.len())
    }

    fn goes_with(&self, other: &Self) -> bool {
        self.columns == other.columns
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    async fn alone(self, client: &Client) -> Result<Option<Row>, Error> {
        let columns: Vec<&[u8]> = self.columns.iter().map(Vec::as_slice).collect();
        client.get_row(self.table, &self.key, &columns, self.bytes).await
    }

    async fn together(asks: Vec<Self>, client: &Client) -> Result<Vec<Option<Row>>, Error> {
        let Some(first) = asks.first() else { return Ok(Vec::new()) };
        let keys: BTreeSet<_> = asks.iter().map(|ask| ask.key.clone()).collect();
        let (keys, bytes) = (keys.into_iter().collect(), asks.iter().map(Self::bytes).sum());
        let (table, columns) = (client.table(first.table), first.columns.clone());
        let rows = client.get_rows_in(Lane::TOGETHER, table, keys, columns, bytes).await?;
        // Absent rows are left out.
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        Ok(asks.iter().map(|ask| rows.get(&ask.key).cloned()).collect())
    }
}
