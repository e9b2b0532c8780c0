//! Taking a crash out: the rows of the indexes first, its own row last, because it says which rows
//! there are; and the health check, which writes.

use auxilio_common::{CrashId, RawCrash};

use super::fault::Fault;
use super::put_raw::{entry_of, hang_column};
use super::schema::{CRASHES, HANGS, SUBMITTED, TABLES};
use super::{HbaseStore, columns, keys};
use crate::row::Put;
use crate::scan::{Scan, after};

/// About what the names of a row's cells have, in bytes.
const NAMES_BYTES: usize = 16 * 1024;

/// A row that no listing meets, since no salt is its first character.
pub(super) const CHECK_KEY: &[u8] = b"~check";

/// The time of its cells: long ago, so that any expiry takes them.
pub(super) const CHECK_TIME: i64 = 1;

impl HbaseStore {
    pub(super) async fn remove_crash(&self, crash_id: CrashId) -> Result<(), Fault> {
        let found = self.raw_crash(crash_id).await;
        self.manifests.remove(&crash_id);
        match found {
            Ok(Some(crash)) => self.remove_rows(&crash).await?,
            // Of a damaged or unfinished crash nobody knows the rows; readers find no crash behind
            // them.
            Ok(None) | Err(Fault::NotYet | Fault::Chunk(_) | Fault::Json(_)) => {}
            Err(fault) => return Err(fault),
        }
        let key = keys::crash(crash_id);
        let (stop, filter) = (after(&key), "KeyOnlyFilter()");
        let scan = Scan { table: CRASHES, start: &key, stop: &stop, columns: &[], filter };
        for row in self.client.scan_page(&scan, 1, NAMES_BYTES).await? {
            self.delete_visible(CRASHES, &row).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_rows(&self, crash: &RawCrash) -> Result<(), Fault> {
        self.remove_unprocessed_row(&entry_of(crash)).await?;
        let submitted = keys::timed(crash.metadata.submitted_timestamp, crash.crash_id)?;
        let mut rows = vec![self.client.get_row(SUBMITTED, &submitted, &[], 1_000).await?];
        let mut tables = vec![SUBMITTED];
        if let Some(hang_id) = crash.annotation("HangID") {
            let column = hang_column(crash);
            rows.push(self.client.get_row(HANGS, &keys::short(hang_id), &[&column], 1_000).await?);
            tables.push(HANGS);
        }
        for (table, row) in tables.into_iter().zip(rows) {
            if let Some(row) = row {
                self.delete_visible(table, &row).await?;
            }
        }
        Ok(())
    }

    /// Reads from each table and writes a cell, always the same.
    pub(super) async fn check_tables(&self) -> Result<(), Fault> {
        for table in TABLES {
            self.client.get_row(table.name, CHECK_KEY, &[], 1_000).await?;
        }
        let cell = Put::new(columns::CHECK, "");
        Ok(self.client.put_row(CRASHES, CHECK_KEY, &[cell], CHECK_TIME).await?)
    }
}
