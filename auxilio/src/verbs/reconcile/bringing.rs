//! Bringing crashes back: each is judged, and the rows of those that are processed are written from the
//! store.

use std::sync::Arc;

use auxilio_common::storage::{ErrorClass, Presence};
use auxilio_common::{CrashId, CrashStore, Generation, StoreError};
use auxilio_database::{Database, Report};
use auxilio_processor::report_row;
use auxilio_service::error_chain;
use futures::{StreamExt, TryStreamExt};

use super::fate::{End, Fate, Left};
use super::finding::{Finding, judge};
use super::listing::Entry;
use super::unprocessed::Unprocessed;

/// Crashes that are looked up side by side.
pub(super) const LOOK_UPS_AT_ONCE: usize = 16;

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
    pub(super) async fn bring(&self, entries: &[Entry]) -> Result<Vec<End>, anyhow::Error> {
        let found: Vec<(Entry, Option<Presence>)> = futures::stream::iter(entries.iter().copied())
            .map(|entry| async move {
                let presence = readable(self.store.exists(entry.crash_id).await)?;
                Ok::<_, StoreError>((entry, presence))
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        let mut ends = Vec::with_capacity(found.len());
        let (mut rows, mut unprocessed) = (Vec::new(), Vec::new());
        for (entry, presence) in found {
            let Some(presence) = presence else {
                let what = "what is there of it can't be told".to_owned();
                ends.push(entry.end(Fate::Left(Left::Damaged { what })));
                continue;
            };
            match judge(entry, presence) {
                Finding::Fine => ends.push(entry.end(Fate::Fine)),
                Finding::RowAlone => ends.push(entry.end(Fate::RowAlone)),
                Finding::Gone => {}
                Finding::RowMissing | Finding::RowOld => rows.push((entry, presence.processed)),
                Finding::Unprocessed => {
                    unprocessed.push(Unprocessed { entry, processed: presence.processed });
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
        crashes: &[(Entry, Option<Generation>)],
        ends: &mut Vec<End>,
        unprocessed: &mut Vec<Unprocessed>,
    ) -> anyhow::Result<()> {
        if self.is_dry_run {
            ends.extend(crashes.iter().map(|(entry, _)| entry.end(brought(entry.row))));
            return Ok(());
        }
        let rebuilt: Vec<_> = futures::stream::iter(crashes.iter().copied())
            .map(|(entry, processed)| async move {
                Ok::<_, StoreError>((entry, processed, self.rebuild(entry.crash_id).await?))
            })
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        let (mut written, mut rows) = (Vec::new(), Vec::new());
        for (entry, processed, rebuilt) in rebuilt {
            match rebuilt {
                Rebuilt::Row(row) => {
                    written.push(entry);
                    rows.push(*row);
                }
                Rebuilt::Unreadable => {
                    unprocessed.push(Unprocessed { entry, processed });
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
}

impl Entry {
    pub(super) fn end(&self, fate: Fate) -> End {
        End { crash_id: self.crash_id, fate }
    }
}

fn brought(row: Option<Generation>) -> Fate {
    if row.is_none() { Fate::Rebuilt } else { Fate::Updated }
}

/// What the store answers; `None` where it refuses for good.
pub(super) fn readable<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == ErrorClass::Permanent => Ok(None),
        Err(error) => Err(error),
    }
}
