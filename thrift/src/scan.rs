//! Scans, a page at a time.
//!
//! A page opens a scanner behind the last row, fetches and closes it, all on one connection. Nothing
//! is held between pages: a scanner's number is only good for the gateway that gave it, runs out
//! after two minutes, and may be somebody else's after a restart.

use std::collections::BTreeMap;

use auxilio_common::limits;
use hbase_thrift::hbase::{THbaseSyncClient as _, TRowResult, TScan};
use thrift::ProtocolErrorKind as Kind;

use crate::client::Client;
use crate::connection::Rpc;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;
use crate::read::owned;
use crate::row::{Row, check_answered};

/// Rows that a region server sends a gateway at once.
const CACHING_MAX: usize = 1_000;

/// What to scan.
#[derive(Clone, Debug, Default)]
pub struct Scan<'a> {
    /// The table, without its prefix.
    pub table: &'a str,
    /// The first key; empty is the table's begin.
    pub start: &'a [u8],
    /// The key before which it ends; empty is the table's end.
    pub stop: &'a [u8],
    /// Columns or families; none at all is all of them.
    pub columns: &'a [&'a [u8]],
    /// A filter in HBase's filter language; empty is none.
    pub filter: &'a str,
}

/// How to go through what a scan names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// From the end to the begin: `start` is then the last key of all, and `stop` one below it.
    pub reversed: bool,
    /// Rows as they were before this moment, in milliseconds since the epoch.
    pub before: Option<i64>,
}

impl Client {
    /// The first `limit` rows of a scan, in the order of their keys. Fewer are its end.
    ///
    /// To go on, start the next page at [`after`] of the last key. `bytes_each` is about what a row
    /// has, for the bound on all that is under way.
    pub async fn scan_page(
        &self,
        scan: &Scan<'_>,
        limit: usize,
        bytes_each: usize,
    ) -> Result<Vec<Row>, Error> {
        self.scan_course(scan, Course::default(), limit, bytes_each).await
    }

    /// The same on another course. Backwards the next page starts at the last key, whose row then
    /// comes once more.
    pub async fn scan_course(
        &self,
        scan: &Scan<'_>,
        course: Course,
        limit: usize,
        bytes_each: usize,
    ) -> Result<Vec<Row>, Error> {
        let limit = limit.min(limits::HBASE_CONTAINER_ELEMENTS_MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let spec = Spec {
            call: "scan",
            lane: Lane::of(scan.start),
            repeatable: true,
            reply_bytes: limits::HBASE_REPLY_BYTES_MAX,
        };
        let request = TScan {
            start_row: Some(scan.start.to_vec()),
            stop_row: (!scan.stop.is_empty()).then(|| scan.stop.to_vec()),
            columns: (!scan.columns.is_empty()).then(|| owned(scan.columns)),
            // Limits of containers fit.
            caching: i32::try_from(limit.min(CACHING_MAX)).ok(),
            filter_string: (!scan.filter.is_empty()).then(|| scan.filter.into()),
            timestamp: course.before,
            batch_size: None,
            sort_columns: None,
            reversed: course.reversed.then_some(true),
            cache_blocks: None,
        };
        let table = self.table(scan.table);
        let rows = self.call(spec, limit.saturating_mul(bytes_each), move |rpc| {
            page(rpc, &table, &request, limit)
        });
        Ok(rows.await?.into_iter().map(Row::of).collect())
    }
}

/// The first key behind a key.
pub fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The first key behind all keys with a prefix; empty if there is none.
pub fn behind_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut stop = prefix.to_vec();
    while let Some(last) = stop.pop() {
        if last < u8::MAX {
            stop.push(last + 1);
            break;
        }
    }
    stop
}

fn page(
    rpc: &mut Rpc,
    table: &[u8],
    request: &TScan,
    limit: usize,
) -> thrift::Result<Vec<TRowResult>> {
    let scanner = rpc.scanner_open_with_scan(table.to_vec(), request.clone(), BTreeMap::new())?;
    let fetched = fetch(rpc, scanner, request, limit);
    // After a failure of the connection there is nobody to tell; the gateway forgets it in time.
    if matches!(fetched, Ok(_) | Err(thrift::Error::User(_) | thrift::Error::Application(_))) {
        match rpc.scanner_close(scanner) {
            Ok(()) | Err(thrift::Error::User(_)) => {}
            Err(error) => return Err(error),
        }
    }
    fetched
}

fn fetch(
    rpc: &mut Rpc,
    scanner: i32,
    request: &TScan,
    limit: usize,
) -> thrift::Result<Vec<TRowResult>> {
    let (start, stop) = (request.start_row.as_deref(), request.stop_row.as_deref());
    let reversed = request.reversed == Some(true);
    let in_range = |key: &[u8]| match (start.filter(|start| !start.is_empty()), stop) {
        (start, stop) if reversed => {
            start.is_none_or(|it| key <= it) && stop.is_none_or(|it| it < key)
        }
        (start, stop) => start.is_none_or(|it| it <= key) && stop.is_none_or(|it| key < it),
    };
    let (mut rows, mut bytes_left) = (Vec::new(), limits::HBASE_REPLY_BYTES_MAX);
    while rows.len() < limit {
        let wanted = limit - rows.len();
        // The limit of a page fits.
        let asked = i32::try_from(wanted).unwrap_or(i32::MAX);
        let more = check_answered(rpc.scanner_get_list(scanner, asked)?, in_range)?;
        // Only an empty list is the end.
        if more.is_empty() {
            break;
        }
        // Each answer has its bound; so has the page, however many there are of them.
        let left = bytes_left.checked_sub(more.iter().map(row_bytes).sum());
        let Some(left) = left.filter(|_| more.len() <= wanted) else {
            let message = "a page of a scan has more than was asked for";
            return Err(thrift::ProtocolError::new(Kind::SizeLimit, message).into());
        };
        bytes_left = left;
        rows.extend(more);
    }
    Ok(rows)
}

fn row_bytes(row: &TRowResult) -> usize {
    let cells = row.columns.iter().flatten();
    cells.map(|(column, cell)| column.len() + cell.value.as_ref().map_or(0, Vec::len)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_behind_prefixes() {
        assert_eq!(behind_prefix(b"ab"), b"ac");
        assert_eq!(behind_prefix(b"a\xff\xff"), b"b");
        assert_eq!(behind_prefix(b"\xff"), b"");
        assert_eq!(behind_prefix(b""), b"");
        assert_eq!(after(b"a"), b"a\0");
    }
}
