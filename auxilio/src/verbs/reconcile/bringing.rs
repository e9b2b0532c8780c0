//! Bringing crashes back: rows are written from the store, unprocessed crashes are queued.

use std::sync::Arc;

use auxilio_common::storage::{ErrorClass, IndexEntry, Presence};
use auxilio_common::{CrashId, CrashStore, Generation, StoreError, Throttle};
use auxilio_database::{Database, Forgotten, Report};
use auxilio_processor::report_row;
use auxilio_service::error_chain;
use futures::{StreamExt, TryStreamExt};

use super::finding::{Finding, judge};
use super::listing::Entry;
use super::tally::{End, Fate};

/// Crashes that are looked up side by side.
const LOOK_UPS_AT_ONCE: usize = 16;

/// Processed crashes that are read side by side: one may have some 30 MB.
const READS_AT_ONCE: usize = 4;

/// Rows of one call to the database.
const ROWS_AT_ONCE: usize = 64;

/// Store and database, and whether anything is to be changed.
pub(super) struct Bringing {
    store: Arc<dyn CrashStore>,
    database: Database,
    is_dry_run: bool,
}

/// A crash that the store has no processed crash of, or none that can be had.
#[derive(Clone, Copy)]
struct Unprocessed {
    entry: Entry,
    /// Whether it has been processed before, and so is wanted, whatever the collector's verdict.
    was_processed: bool,
}

/// What a stored crash gives for its row.
enum Rebuilt {
    Row(Box<Report>),
    /// The store refuses for good what it has of it: another run may help.
    Unreadable,
    /// It was removed in between.
    Gone,
}

impl Bringing {
    pub(super) fn new(store: Arc<dyn CrashStore>, database: Database, is_dry_run: bool) -> Self {
        Self { store, database, is_dry_run }
    }

    pub(super) fn store(&self) -> &dyn CrashStore {
        &*self.store
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }

    /// Does what is to be done about some crashes, and says what became of each that is there.
    pub(super) async fn bring(&self, entries: Vec<Entry>) -> Result<Vec<End>, anyhow::Error> {
        let found: Vec<(Entry, Presence)> = futures::stream::iter(entries)
            .map(|entry| async move {
                Ok::<_, StoreError>((entry, self.store.exists(entry.crash_id).await?))
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        let mut ends = Vec::with_capacity(found.len());
        let (mut rows, mut unprocessed) = (Vec::new(), Vec::new());
        for (entry, presence) in found {
            match judge(entry, presence) {
                Finding::Fine => ends.push(entry.end(Fate::Fine)),
                Finding::RowAlone => ends.push(entry.end(Fate::RowAlone)),
                Finding::Gone => {}
                Finding::RowMissing | Finding::RowOld => rows.push(entry),
                Finding::Unprocessed => {
                    let was_processed = entry.row.is_some() || presence.processed.is_some();
                    unprocessed.push(Unprocessed { entry, was_processed });
                }
            }
        }
        for batch in rows.chunks(ROWS_AT_ONCE) {
            self.write_rows(batch, &mut ends, &mut unprocessed).await?;
        }
        self.queue(&unprocessed, &mut ends).await?;
        Ok(ends)
    }

    /// Writes rows from what the store has. Crashes that it can't read go to `unprocessed`.
    async fn write_rows(
        &self,
        entries: &[Entry],
        ends: &mut Vec<End>,
        unprocessed: &mut Vec<Unprocessed>,
    ) -> anyhow::Result<()> {
        if self.is_dry_run {
            ends.extend(entries.iter().map(|entry| entry.end(brought(entry.row))));
            return Ok(());
        }
        let rebuilt: Vec<(Entry, Rebuilt)> = futures::stream::iter(entries.iter().copied())
            .map(|entry| async move {
                Ok::<_, StoreError>((entry, self.rebuild(entry.crash_id).await?))
            })
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        let (mut written, mut rows) = (Vec::new(), Vec::new());
        for (entry, rebuilt) in rebuilt {
            match rebuilt {
                Rebuilt::Row(row) => {
                    written.push(entry);
                    rows.push(*row);
                }
                Rebuilt::Unreadable => {
                    unprocessed.push(Unprocessed { entry, was_processed: true });
                }
                Rebuilt::Gone => {}
            }
        }
        for (entry, answer) in written.iter().zip(self.database.write_reports(rows).await?) {
            ends.push(entry.end(match answer {
                Ok(true) => brought(entry.row),
                // The crash's own run was quicker.
                Ok(false) => Fate::Fine,
                Err(error) => Fate::Refused(error_chain(&error)),
            }));
        }
        Ok(())
    }

    async fn rebuild(&self, crash_id: CrashId) -> Result<Rebuilt, StoreError> {
        let Some(raw) = readable(self.store.get_raw(crash_id).await)? else {
            return Ok(Rebuilt::Unreadable);
        };
        let Some(document) = readable(self.store.get_processed(crash_id).await)? else {
            return Ok(Rebuilt::Unreadable);
        };
        Ok(match (raw, document) {
            (Some(raw), Some(document)) => Rebuilt::Row(Box::new(report_row(&raw, &document))),
            _ => Rebuilt::Gone,
        })
    }

    /// Queues what nobody has in hand and somebody should.
    async fn queue(&self, crashes: &[Unprocessed], ends: &mut Vec<End>) -> anyhow::Result<()> {
        if crashes.is_empty() {
            return Ok(());
        }
        let ids: Vec<CrashId> = crashes.iter().map(|crash| crash.entry.crash_id).collect();
        let in_hand = self.database.crashes_with_jobs(&ids).await?;
        let mut forgotten = Vec::new();
        for Unprocessed { entry, was_processed } in crashes.iter().copied() {
            if in_hand.contains(&entry.crash_id) {
                ends.push(entry.end(Fate::Waiting));
                continue;
            }
            match self.look_closer(entry, was_processed).await? {
                Some(Ok(crash)) => forgotten.push((entry, crash)),
                Some(Err(fate)) => ends.push(entry.end(fate)),
                None => {}
            }
        }
        let crashes: Vec<Forgotten> = forgotten.iter().map(|(_, crash)| *crash).collect();
        let queued = if self.is_dry_run {
            crashes.iter().map(|crash| crash.crash_id).collect()
        } else {
            self.database.queue_forgotten(&crashes).await?
        };
        for (entry, crash) in forgotten {
            // What was not queued was touched by somebody since it was looked at.
            let is_queued = queued.contains(&crash.crash_id);
            ends.push(entry.end(if is_queued { Fate::Queued } else { Fate::Waiting }));
        }
        Ok(())
    }

    /// An unprocessed crash without a job: forgotten, or why it is not; `None` if it is gone.
    ///
    /// A new one stands in the index until the monitor has queued it. A deferred one that was never
    /// processed waits until somebody asks. What can't be read is processed all the same: its job ends
    /// with a report that says so.
    async fn look_closer(
        &self,
        entry: Entry,
        was_processed: bool,
    ) -> Result<Option<Result<Forgotten, Fate>>, StoreError> {
        let Entry { crash_id, row: seen } = entry;
        let Some(raw) = readable(self.store.get_raw(crash_id).await)? else {
            return Ok(Some(Ok(Forgotten { crash_id, received_at: None, seen })));
        };
        let Some(metadata) = raw.map(|raw| raw.metadata) else { return Ok(None) };
        if metadata.throttle == Throttle::Defer && !was_processed {
            return Ok(Some(Err(Fate::Deferred)));
        }
        let received_at = metadata.received_at;
        if self.store.get_index(&IndexEntry { received_at, crash_id }).await? {
            return Ok(Some(Err(Fate::Waiting)));
        }
        Ok(Some(Ok(Forgotten { crash_id, received_at: Some(received_at), seen })))
    }
}

impl Entry {
    fn end(&self, fate: Fate) -> End {
        End { crash_id: self.crash_id, fate }
    }
}

fn brought(row: Option<Generation>) -> Fate {
    if row.is_none() { Fate::Rebuilt } else { Fate::Updated }
}

/// What the store answers; `None` where it refuses for good.
fn readable<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == ErrorClass::Permanent => Ok(None),
        Err(error) => Err(error),
    }
}
