//! Rows, cells and columns as the calls take and give them.

use std::collections::BTreeMap;

use bytes::Bytes;
use hbase_thrift::hbase::{Mutation, TCell, TRowResult};

use crate::error::Error;

/// The longest key that HBase takes.
const KEY_BYTES_MAX: usize = 32_767;

/// Bytes that a cell takes in a message beside its column and value.
const CELL_ROOM: usize = 48;

/// A cell as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its bytes.
    pub value: Vec<u8>,
    /// Its timestamp, in milliseconds since the epoch if it is one of ours.
    pub timestamp: i64,
}

impl Cell {
    pub(crate) fn of(cell: TCell) -> Option<Self> {
        Some(Self { value: cell.value?, timestamp: cell.timestamp? })
    }
}

/// A row as it was read: only the columns that were asked for, each with its newest cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: Vec<u8>,
    /// Its cells by column (`family:qualifier`).
    pub cells: BTreeMap<Vec<u8>, Cell>,
}

impl Row {
    /// A column's cell.
    pub fn cell(&self, column: impl AsRef<[u8]>) -> Option<&Cell> {
        self.cells.get(column.as_ref())
    }

    pub(crate) fn of(row: TRowResult) -> Self {
        let cells = row
            .columns
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(column, cell)| Some((column, Cell::of(cell)?)));
        Self { key: row.row.unwrap_or_default(), cells: cells.collect() }
    }
}

/// A cell to be written. Its bytes are shared by the tries to write it.
#[derive(Clone, Debug)]
pub struct Put {
    /// `family:qualifier`; the qualifier may be empty.
    pub column: Vec<u8>,
    /// Its value.
    pub value: Bytes,
}

impl Put {
    /// A cell of a column.
    pub fn new(column: impl Into<Vec<u8>>, value: impl Into<Bytes>) -> Self {
        Self { column: column.into(), value: value.into() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.column.len() + self.value.len() + CELL_ROOM
    }

    pub(crate) fn mutation(&self) -> Mutation {
        Mutation::new(false, self.column.clone(), self.value.to_vec(), true)
    }
}

/// A row to be written.
#[derive(Clone, Debug)]
pub struct RowPut {
    /// Its key.
    pub key: Vec<u8>,
    /// Its cells.
    pub cells: Vec<Put>,
    /// The timestamp of all its cells, in milliseconds since the epoch.
    pub timestamp: i64,
}

/// Refuses an answer that holds a row which nobody asked for: it belongs to another call, or it was
/// changed on its way.
pub(crate) fn check_answered(
    rows: Vec<TRowResult>,
    is_asked: impl Fn(&[u8]) -> bool,
) -> thrift::Result<Vec<TRowResult>> {
    if rows.iter().all(|row| row.row.as_deref().is_some_and(&is_asked)) {
        return Ok(rows);
    }
    let kind = thrift::ProtocolErrorKind::InvalidData;
    let message = "the answer holds a row that nobody asked for";
    Err(thrift::Error::Protocol(thrift::ProtocolError::new(kind, message)))
}

/// Refuses a key that HBase does not take.
pub(crate) fn check_key(call: &'static str, key: &[u8]) -> Result<(), Error> {
    match key.len() {
        1..=KEY_BYTES_MAX => Ok(()),
        bytes => Err(Error::BadRow { call, bytes }),
    }
}

/// Refuses a column without a family: a gateway drops such a cell silently and stores the others.
pub(crate) fn check_column(call: &'static str, column: &[u8]) -> Result<(), Error> {
    match column.iter().position(|byte| *byte == b':') {
        Some(1..) => Ok(()),
        _ => Err(Error::BadColumn { call, column: String::from_utf8_lossy(column).into_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_about_the_rows_that_were_asked_for() {
        let row = |key: &str| TRowResult::new(Some(key.into()), None, None);
        let answered = |rows| check_answered(rows, |key| key == b"a");
        assert_eq!(answered(vec![row("a")]).unwrap().len(), 1);
        assert!(answered(vec![row("a"), row("b")]).is_err());
        assert!(answered(vec![TRowResult::new(None, None, None)]).is_err());
        assert!(answered(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn keys_and_columns_are_checked_before_the_wire() {
        assert!(check_key("x", b"a").is_ok() && check_key("x", &vec![1; KEY_BYTES_MAX]).is_ok());
        for key in [vec![], vec![1; KEY_BYTES_MAX + 1]] {
            assert!(
                matches!(check_key("x", &key), Err(Error::BadRow { bytes, .. }) if bytes == key.len())
            );
        }
        for column in ["f:", "f:q", "f:q:r"] {
            assert!(check_column("x", column.as_bytes()).is_ok());
        }
        for column in ["", ":", ":q", "f"] {
            assert!(check_column("x", column.as_bytes()).is_err());
        }
    }
}
