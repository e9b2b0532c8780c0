//! Taking crashes and index rows out of the store.

use std::io;
use std::path::Path;

use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, RawCrash};
use auxilio_spool::durable;

use crate::fault::Fault;
use crate::inner::Inner;

impl Inner {
    /// Rows first, the raw file last: it says which rows there are, so a cut removal can be repeated.
    pub(crate) fn remove(&self, crash_id: CrashId) -> Result<(), Fault> {
        match self.get_raw(crash_id) {
            Ok(Some(crash)) => self.remove_rows(&crash)?,
            // Of a damaged crash nobody knows the rows; readers find no crash behind them.
            Ok(None) | Err(Fault::Spool(auxilio_spool::Error::Damaged { .. })) => {}
            Err(error) => return Err(error),
        }
        for generation in self.generations(crash_id)? {
            unlink(&self.layout.processed(crash_id, generation).path())?;
        }
        let raw = self.layout.raw(crash_id);
        if unlink(&raw.path())? {
            flush_if_there(&raw.folder)?;
        }
        Ok(())
    }

    /// Not flushed: a row that comes back after a power cut is one that the monitor drops again.
    pub(crate) fn remove_index(&self, entry: &IndexEntry) -> Result<(), Fault> {
        unlink(&self.layout.index_row(entry).path()).map(drop)
    }

    pub(crate) fn remove_rows(&self, crash: &RawCrash) -> Result<(), Fault> {
        let received_at = crash.metadata.received_at;
        let entry = IndexEntry { received_at, crash_id: crash.crash_id };
        let rows = [
            Some(self.layout.index_row(&entry)),
            Some(self.layout.window_row(crash)),
            self.layout.hang_row(crash),
        ];
        for row in rows.iter().flatten() {
            if unlink(&row.path())? {
                flush_if_there(&row.folder)?;
            }
        }
        Ok(())
    }
}

fn unlink(path: &Path) -> Result<bool, Fault> {
    durable::unlink(path).map_err(Fault::io("remove", path))
}

pub(crate) fn flush_if_there(folder: &Path) -> Result<(), Fault> {
    match durable::flush_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::io("flush", folder)(error))
        }
        _ => Ok(()),
    }
}
