//! Scans of the unprocessed index: bounded, oldest first, never twice over the same row.

use auxilio_common::Timestamp;

use crate::intake::{Error, Intake};

/// Batches of one scan. With more rows than that it begins anew, and other work gets its turn.
const BATCHES_MAX: usize = 100;

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// To the end.
    All,
    /// After so many rows that it should be called again soon.
    Part,
}

impl Intake {
    /// Queues whatever the index holds from a time on; all of it if none is given.
    pub(crate) async fn scan(
        &self,
        since: Option<Timestamp>,
        batch_rows: usize,
    ) -> Result<Scanned, Error> {
        let batch_rows = batch_rows.max(1);
        let mut since = since;
        for _ in 0..BATCHES_MAX {
            let entries = self.store().read_index(since, batch_rows).await?;
            let is_last = entries.len() < batch_rows;
            // Rows that can't be queued stay: the next batch begins behind them.
            since = entries.last().map(|entry| entry.received_at).max(since);
            self.queue(entries).await?;
            if is_last {
                return Ok(Scanned::All);
            }
        }
        Ok(Scanned::Part)
    }
}
