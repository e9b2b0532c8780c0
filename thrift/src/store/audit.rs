//! Auditing: which rows of crashes and of indexes lack what belongs to them, a page at a time.
//!
//! A page is one scan of one salt, so that what is in memory does not grow with the day. Every row is
//! read at one instant: a manifest, its chunks' names and the cells beside it are never mixed
//! from two moments. Rows that Socorro wrote are left out.

mod crashes;
mod dumps;
mod looking;
mod mending;
mod removing;
mod rows;
mod state;

use auxilio_common::audit::{AuditPage, AuditPlace, AuditScope, Index};
use auxilio_common::{CrashId, Day, Timestamp};

use super::fault::Fault;
use super::schema::{CRASHES, HANGS, SUBMITTED, UNPROCESSED};
use super::{HbaseStore, columns, keys};
use crate::row::Row;
use crate::scan::{Scan, after, behind_prefix};

/// Crashes of one page whose chunks are compared: a row of chunks has a dozen names, and HBase may
/// have to read all of their bytes for them.
const DUMPS_ROWS_MAX: usize = 100;

/// Rows of hangs of one page: each has a cell for every crash.
const HANGS_ROWS_MAX: usize = 100;

/// Crashes of a hang that are looked at. Clients choose hang ids, and one may stand in any number of
/// crashes; those behind this many are not judged.
const HANG_CELLS_MAX: usize = 1_000;
const HANG_FILTER: &str = "ColumnPaginationFilter(1000, 0)";
const HANG_BYTES: usize = HANG_CELLS_MAX * 128;

/// About what a row has in each scope, in bytes.
const CRASH_BYTES: usize = 2 * 1024;
const NAMES_BYTES: usize = 16 * 1024;
const INDEX_BYTES: usize = 256;

/// A stretch of a table's keys.
struct Range {
    start: Vec<u8>,
    stop: Vec<u8>,
}

impl HbaseStore {
    /// Looks at the next rows of a scope, at most `limit`.
    pub(super) async fn audit_page(
        &self,
        scope: AuditScope,
        from: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        let ranges = ranges(scope)?;
        let at = from.map(|place| place.0);
        let is_behind =
            |range: &Range| at.as_ref().is_none_or(|at| range.stop.is_empty() || *at < range.stop);
        let Some(number) = ranges.iter().position(is_behind) else {
            return Ok(AuditPage::default());
        };
        let start = at.unwrap_or_else(|| ranges[number].start.clone());
        let limit = rows_at_once(scope).min(limit).max(1);
        let rows = self.scan_scope(scope, &start, &ranges[number].stop, limit).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == limit => Some(after(&last.key)),
            _ => ranges.get(number + 1).map(|range| range.start.clone()),
        };
        let looked_at = rows.len();
        let strays = match scope {
            AuditScope::Crashes(_) => self.audit_crashes(&rows).await?,
            AuditScope::Dumps(_) => self.audit_dumps(&rows).await?,
            AuditScope::Submitted(_) => self.audit_timed(Index::Submitted, &rows).await?,
            AuditScope::Unprocessed => self.audit_timed(Index::Unprocessed, &rows).await?,
            AuditScope::Hangs => self.audit_hangs(&rows).await?,
        };
        Ok(AuditPage { looked_at, strays, next: next.map(AuditPlace) })
    }

    /// The crashes that a hang's row names; `None` if they are too many to be judged.
    async fn named_by_hang(&self, hang_id: &str) -> Result<Option<Vec<CrashId>>, Fault> {
        let start = keys::short(hang_id);
        let stop = after(&start);
        let scan = Scan {
            table: HANGS,
            start: &start,
            stop: &stop,
            columns: &[b"ids"],
            filter: HANG_FILTER,
        };
        let rows = self.client.scan_page(&scan, 1, HANG_BYTES).await?;
        let cells: Vec<_> = rows.into_iter().flat_map(|row| row.cells.into_values()).collect();
        let is_all = cells.len() < HANG_CELLS_MAX;
        Ok(is_all.then(|| cells.iter().filter_map(|cell| keys::id(&cell.value)).collect()))
    }

    async fn scan_scope(
        &self,
        scope: AuditScope,
        start: &[u8],
        stop: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let (table, columns, filter, bytes): (_, &[&[u8]], _, _) = match scope {
            AuditScope::Crashes(_) => (CRASHES, &crashes::COLUMNS, "", CRASH_BYTES),
            AuditScope::Dumps(_) => (CRASHES, &dumps::FAMILIES, "KeyOnlyFilter()", NAMES_BYTES),
            AuditScope::Submitted(_) => (SUBMITTED, &[columns::CRASH_ID], "", INDEX_BYTES),
            AuditScope::Unprocessed => (UNPROCESSED, &[columns::CRASH_ID], "", INDEX_BYTES),
            AuditScope::Hangs => (HANGS, &[b"ids"], HANG_FILTER, HANG_BYTES),
        };
        let scan = Scan { table, start, stop, columns, filter };
        Ok(self.client.scan_page(&scan, limit, bytes).await?)
    }
}

fn rows_at_once(scope: AuditScope) -> usize {
    match scope {
        AuditScope::Dumps(_) => DUMPS_ROWS_MAX,
        AuditScope::Hangs => HANGS_ROWS_MAX,
        AuditScope::Crashes(_) | AuditScope::Submitted(_) | AuditScope::Unprocessed => usize::MAX,
    }
}

/// The stretches of a scope, in the order of keys.
fn ranges(scope: AuditScope) -> Result<Vec<Range>, Fault> {
    let of_prefix = |start: Vec<u8>| Range { stop: behind_prefix(&start), start };
    match scope {
        AuditScope::Crashes(day) | AuditScope::Dumps(day) => {
            Ok((0..16).map(|salt| of_prefix(keys::of_day(salt, day))).collect())
        }
        AuditScope::Submitted(day) => {
            keys::SALTS.iter().map(|salt| of_window(*salt, day)).collect()
        }
        AuditScope::Unprocessed => {
            Ok(keys::SALTS.iter().map(|salt| of_prefix(vec![*salt])).collect())
        }
        AuditScope::Hangs => Ok(vec![Range { start: Vec::new(), stop: Vec::new() }]),
    }
}

fn of_window(salt: u8, day: Day) -> Result<Range, Fault> {
    let start = keys::of_time(salt, Timestamp::midnight(day))?;
    let stop = match day.next() {
        Some(next) => keys::of_time(salt, Timestamp::midnight(next))?,
        None => behind_prefix(&[salt]),
    };
    Ok(Range { start, stop })
}
