//! Listings: a day, a window of time, the unprocessed index, a hang.

use std::collections::VecDeque;

use auxilio_common::storage::{IndexEntry, WindowKey};
use auxilio_common::{CrashId, Day, Timestamp};
use futures::future::try_join_all;

use super::fault::Fault;
use super::put_raw::unprocessed_key;
use super::raw::is_raw;
use super::schema::{CRASHES, HANGS, SUBMITTED, UNPROCESSED};
use super::{HbaseStore, columns, keys};
use crate::row::Row;
use crate::scan::{Scan, after, behind_prefix};

/// About what an index row has, in bytes.
const ROW_BYTES: usize = 256;

/// Index rows that are looked up or removed side by side.
pub(super) const ROWS_AT_ONCE: usize = 128;

/// Rows of one page.
const PAGE_ROWS: usize = 1_000;

/// A place in an index by time.
type Timed = (Timestamp, CrashId);

/// What is wanted of an index by time.
struct Wanted<'a> {
    table: &'static str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    product: Option<&'a str>,
    after: Option<Timed>,
}

/// One salt's share of a scan, as far as it was read.
struct Share {
    next: Vec<u8>,
    stop: Vec<u8>,
    read: VecDeque<Timed>,
    ended: bool,
}

impl HbaseStore {
    /// Ids begin with their salt, so one salt after another is their order.
    pub(super) async fn crashes_of_day(
        &self,
        day: Day,
        after_id: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, Fault> {
        let mut found = Vec::new();
        for salt in after_id.map_or(0, CrashId::salt)..16 {
            let prefix = keys::of_day(salt, day);
            let stop = behind_prefix(&prefix);
            let resumed = after_id.filter(|id| id.salt() == salt);
            // An id of another day has its place in the order all the same.
            let mut start = resumed.map_or(prefix.clone(), |id| {
                after(&[prefix.as_slice(), id.to_string().as_bytes()].concat())
            });
            while found.len() < limit {
                let columns: &[&[u8]] = &[columns::MANIFEST, columns::FORMAT, columns::CRASH_ID];
                let filter = "KeyOnlyFilter()";
                let scan = Scan { table: CRASHES, start: &start, stop: &stop, columns, filter };
                let page = PAGE_ROWS.min(limit);
                let rows = self.client.scan_page(&scan, page, ROW_BYTES).await?;
                let ended = rows.len() < page;
                let raw = rows.iter().filter(|row| is_raw(row));
                found.extend(raw.filter_map(|row| keys::crash_of(&row.key)));
                match rows.last() {
                    Some(last) if !ended => start = after(&last.key),
                    _ => break,
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    pub(super) async fn window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, Fault> {
        let after = after.map(|key| (key.submitted_at, key.crash_id));
        let (from, to) = (Some(from), Some(to));
        let wanted = Wanted { table: SUBMITTED, from, to, product, after };
        let found = self.merge(&wanted, limit).await?;
        Ok(found
            .into_iter()
            .map(|(submitted_at, crash_id)| WindowKey { submitted_at, crash_id })
            .collect())
    }

    pub(super) async fn unprocessed(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, Fault> {
        let (table, from) = (UNPROCESSED, since);
        let wanted = Wanted { table, from, to: None, product: None, after: None };
        let found = self.merge(&wanted, limit).await?;
        Ok(found
            .into_iter()
            .map(|(received_at, crash_id)| IndexEntry { received_at, crash_id })
            .collect())
    }

    pub(super) async fn unprocessed_row(&self, entry: &IndexEntry) -> Result<Option<Row>, Fault> {
        let key = unprocessed_key(entry)?;
        Ok(self.client.look_up(UNPROCESSED, &key, &[columns::CRASH_ID], ROW_BYTES).await?)
    }

    /// At the row's own timestamp: a put of the crash that comes later can be seen.
    pub(super) async fn remove_unprocessed_row(&self, entry: &IndexEntry) -> Result<(), Fault> {
        match self.unprocessed_row(entry).await? {
            Some(row) => self.delete_visible(UNPROCESSED, &row).await,
            None => Ok(()),
        }
    }

    pub(super) async fn crashes_of_hang(&self, hang_id: &str) -> Result<Vec<CrashId>, Fault> {
        if hang_id.is_empty() {
            return Ok(Vec::new());
        }
        let row = self.client.get_row(HANGS, &keys::short(hang_id), &[b"ids"], ROW_BYTES).await?;
        let cells = row.into_iter().flat_map(|row| row.cells.into_values());
        let mut found: Vec<_> = cells.filter_map(|cell| keys::id(&cell.value)).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The first `limit` entries of an index by time: sixteen scans side by side, merged.
    async fn merge(&self, wanted: &Wanted<'_>, limit: usize) -> Result<Vec<Timed>, Fault> {
        let shares = keys::SALTS.iter().map(|salt| Share::of(wanted, *salt));
        let mut shares: Vec<_> = shares.collect::<Result<_, _>>()?;
        // A sixteenth each, and some for chance.
        let page = (limit / 8).clamp(16, PAGE_ROWS);
        let mut found = Vec::new();
        while found.len() < limit {
            let dry = shares.iter_mut().filter(|share| share.read.is_empty() && !share.ended);
            try_join_all(dry.map(|share| self.read_on(wanted, share, page))).await?;
            if shares.iter().any(|share| share.read.is_empty() && !share.ended) {
                continue;
            }
            let first = shares.iter_mut().filter(|share| !share.read.is_empty());
            let Some(first) = first.min_by_key(|share| share.read.front().copied()) else { break };
            found.extend(first.read.pop_front());
        }
        Ok(found)
    }

    /// Reads a share's next page.
    async fn read_on(
        &self,
        wanted: &Wanted<'_>,
        share: &mut Share,
        page: usize,
    ) -> Result<(), Fault> {
        let columns: &[&[u8]] = &[columns::CRASH_ID, columns::PRODUCT];
        let scan = Scan {
            table: wanted.table,
            start: &share.next,
            stop: &share.stop,
            columns,
            filter: "",
        };
        let rows = self.client.scan_page(&scan, page, ROW_BYTES).await?;
        share.ended = rows.len() < page;
        for row in &rows {
            let Some(timed) = keys::timed_of(&row.key) else { continue };
            let inside = wanted.from.is_none_or(|from| timed.0 >= from)
                && wanted.to.is_none_or(|to| timed.0 < to)
                && wanted.after.is_none_or(|after| timed > after);
            if inside && self.is_of(wanted.product, row, timed.1).await? {
                share.read.push_back(timed);
            }
        }
        if let Some(last) = rows.last() {
            share.next = after(&last.key);
        }
        Ok(())
    }

    /// Whether a crash is of a product. Socorro's index rows don't say it; the crash does.
    async fn is_of(
        &self,
        product: Option<&str>,
        row: &Row,
        crash_id: CrashId,
    ) -> Result<bool, Fault> {
        let Some(product) = product else { return Ok(true) };
        if let Some(cell) = row.cell(columns::PRODUCT) {
            return Ok(cell.value == keys::short(product));
        }
        let crash = self.raw_crash(crash_id).await?;
        Ok(crash.is_some_and(|crash| crash.annotation("ProductName") == Some(product)))
    }
}

impl Share {
    fn of(wanted: &Wanted<'_>, salt: u8) -> Result<Self, Fault> {
        let first = wanted.from.max(wanted.after.map(|(at, _)| at));
        let next = first.map_or(Ok(vec![salt]), |first| keys::of_time(salt, first))?;
        let stop = match wanted.to {
            Some(to) => keys::of_time(salt, to)?,
            None => behind_prefix(&[salt]),
        };
        // A window that ends before it begins has no rows, and HBase refuses it.
        let ended = next >= stop;
        Ok(Self { next, stop, read: VecDeque::new(), ended })
    }
}
