//! The intake: index rows become jobs, then the rows go. In this order, whoever found them.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashStore, StoreError};
use auxilio_database::{Class, Database, Insertion};
use auxilio_service::{error_chain, metrics};

use crate::Config;

/// Why rows could not be queued. All of it is worth another try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Postgres did not take them.
    #[error("queue new crashes")]
    Database(#[from] auxilio_database::Error),
    /// The index could not be read, or a row not be removed.
    #[error("use the index of new crashes")]
    Store(#[from] StoreError),
}

/// From the index to the queue.
pub(crate) struct Intake {
    store: Arc<dyn CrashStore>,
    database: Database,
    hold: Duration,
    dead_after: Duration,
}

impl Intake {
    pub(crate) fn new(store: Arc<dyn CrashStore>, database: Database, config: &Config) -> Self {
        Self { store, database, hold: config.hold(), dead_after: config.dead_after() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn store(&self) -> &dyn CrashStore {
        &*self.store
    }

    pub(crate) fn shared_store(&self) -> &Arc<dyn CrashStore> {
        &self.store
    }

    /// Queues the crashes of hinted rows, as far as the rows are there.
    pub(crate) async fn queue_hinted(&self, entries: &[IndexEntry]) -> Result<(), Error> {
        self.queue(self.store.get_index(entries).await?).await
    }

    /// Queues crashes, assigns them, and removes their index rows.
    pub(crate) async fn queue(&self, entries: Vec<IndexEntry>) -> Result<(), Error> {
        let mut done = Vec::with_capacity(entries.len());
        self.insert(entries, &mut done).await?;
        if done.is_empty() {
            return Ok(());
        }
        let assigned = self.database.assign_jobs(self.hold, self.dead_after).await?;
        metrics::MONITOR_ASSIGNED.add(assigned, &[]);
        self.store.remove_index(&done).await?;
        metrics::MONITOR_INDEX_REMOVED.add(u64::try_from(done.len()).unwrap_or(u64::MAX), &[]);
        tracing::debug!(crashes = done.len(), assigned, "crashes went from the index to the queue");
        Ok(())
    }

    /// Inserts jobs, and adds to `done` the entries whose rows may go. A batch that is refused for
    /// its values is halved until the bad entry stands alone; that one stays in the index.
    async fn insert(
        &self,
        entries: Vec<IndexEntry>,
        done: &mut Vec<IndexEntry>,
    ) -> Result<(), Error> {
        let mut batches = vec![entries];
        while let Some(mut batch) = batches.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.database.insert_jobs(&batch).await {
                Ok(results) => {
                    let is_new = |result: &&(_, _)| result.1 == Insertion::Inserted;
                    let inserted = results.iter().filter(is_new).count();
                    metrics::MONITOR_INSERTED.add(u64::try_from(inserted).unwrap_or(u64::MAX), &[]);
                    done.append(&mut batch);
                }
                Err(error) if error.class() == Class::Permanent => {
                    if let [entry] = &batch[..] {
                        let (crash_id, error) = (entry.crash_id, error_chain(&error));
                        tracing::error!(%crash_id, error, "a crash can't be queued and stays in the index");
                        continue;
                    }
                    let second = batch.split_off(batch.len() / 2);
                    batches.extend([second, batch]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
