//! Crashes without a processed crash: those that were forgotten are queued, all others left alone.

use std::collections::HashSet;
use std::time::Duration;

use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Generation, StoreError, Throttle};
use auxilio_database::Forgotten;
use futures::{StreamExt, TryStreamExt};

use super::bringing::{Bringing, LOOK_UPS_AT_ONCE, readable};
use super::fate::{End, Fate};
use super::listing::Entry;

/// Pause before a second look at what seems forgotten: the store lists a new crash a moment before the
/// row of its index is durable.
const SETTLE: Duration = Duration::from_secs(1);

/// A crash that the store has no processed crash of, or none that can be used.
#[derive(Clone, Copy)]
pub(super) struct Unprocessed {
    pub(super) entry: Entry,
    /// The generation of one that can't be read, or is older than the row.
    pub(super) processed: Option<Generation>,
}

/// What a closer look says of an unprocessed crash.
enum Look {
    Forgotten(Forgotten),
    /// Somebody has it in hand, or nobody wants it processed.
    Left(Fate),
    /// It was removed in between.
    Gone,
}

impl Bringing {
    /// Queues what nobody has in hand and somebody should.
    pub(super) async fn queue(
        &self,
        crashes: &[Unprocessed],
        ends: &mut Vec<End>,
    ) -> anyhow::Result<()> {
        let ids: Vec<CrashId> = crashes.iter().map(|crash| crash.entry.crash_id).collect();
        let in_hand = self.with_jobs(&ids).await?;
        let looks: Vec<(Unprocessed, Look)> = futures::stream::iter(crashes.iter().copied())
            .map(
                |crash| async move { Ok::<_, StoreError>((crash, self.look_closer(crash).await?)) },
            )
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        let mut forgotten = Vec::new();
        for (crash, look) in looks {
            match look {
                _ if in_hand.contains(&crash.entry.crash_id) => {
                    ends.push(crash.entry.end(Fate::Waiting));
                }
                Look::Forgotten(told) => forgotten.push((crash, told)),
                Look::Left(fate) => ends.push(crash.entry.end(fate)),
                Look::Gone => {}
            }
        }
        if forgotten.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(SETTLE).await;
        let queued = self.queue_forgotten(&forgotten).await?;
        for (Unprocessed { entry, .. }, _) in forgotten {
            let is_queued = queued.contains(&entry.crash_id);
            // What was not queued was touched by somebody since it was looked at.
            ends.push(entry.end(if is_queued { Fate::Queued } else { Fate::Waiting }));
        }
        Ok(())
    }

    async fn with_jobs(&self, ids: &[CrashId]) -> anyhow::Result<HashSet<CrashId>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        Ok(self.database().crashes_with_jobs(ids).await?)
    }

    /// A new crash stands in the index until the monitor has queued it. A deferred one that was never
    /// processed waits until somebody asks. What can't be read is processed all the same: its job ends
    /// with a report that says so.
    async fn look_closer(&self, crash: Unprocessed) -> Result<Look, StoreError> {
        let Entry { crash_id, row: seen } = crash.entry;
        let raw = match readable(self.store().get_raw(crash_id).await)? {
            Some(Some(raw)) => raw,
            Some(None) => return Ok(Look::Gone),
            None => return Ok(Look::Forgotten(Forgotten { crash_id, received_at: None, seen })),
        };
        let was_processed = seen.is_some() || crash.processed.is_some();
        if raw.metadata.throttle == Throttle::Defer && !was_processed {
            return Ok(Look::Left(Fate::Deferred));
        }
        let received_at = raw.metadata.received_at;
        let row = IndexEntry { received_at, crash_id };
        if !self.store().get_index(&[row]).await?.is_empty() {
            return Ok(Look::Left(Fate::Waiting));
        }
        Ok(Look::Forgotten(Forgotten { crash_id, received_at: Some(received_at), seen }))
    }

    /// Queues those that still are as they were at the first look. Returns them.
    async fn queue_forgotten(
        &self,
        crashes: &[(Unprocessed, Forgotten)],
    ) -> anyhow::Result<HashSet<CrashId>> {
        let looks: Vec<Option<Forgotten>> = futures::stream::iter(crashes.iter().copied())
            .map(|(crash, told)| async move {
                Ok::<_, StoreError>(self.is_as_it_was(crash, told).await?.then_some(told))
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        let forgotten: Vec<Forgotten> = looks.into_iter().flatten().collect();
        if !self.is_dry_run() {
            return Ok(self.database().queue_forgotten(&forgotten).await?);
        }
        let ids: Vec<CrashId> = forgotten.iter().map(|crash| crash.crash_id).collect();
        let in_hand = self.with_jobs(&ids).await?;
        Ok(ids.into_iter().filter(|id| !in_hand.contains(id)).collect())
    }

    async fn is_as_it_was(&self, crash: Unprocessed, told: Forgotten) -> Result<bool, StoreError> {
        let crash_id = told.crash_id;
        if self.store().exists(crash_id).await?.processed != crash.processed {
            return Ok(false);
        }
        let Some(received_at) = told.received_at else { return Ok(true) };
        let row = IndexEntry { received_at, crash_id };
        Ok(self.store().get_index(&[row]).await?.is_empty())
    }
}
