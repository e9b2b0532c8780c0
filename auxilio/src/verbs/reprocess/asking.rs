//! Asking: crashes are looked up in the store, then asked for, a batch at a time.

use std::sync::Arc;

use auxilio_common::storage::ErrorClass;
use auxilio_common::{CrashId, CrashStore, Lane, StoreError, Timestamp};
use auxilio_database::{AskedState, Database};
use auxilio_service::Shutdown;
use futures::{StreamExt, TryStreamExt};

use super::super::pace::Pace;
use super::tally::{Fate, Tally};
use crate::cli::ReprocessOptions;

/// Crashes that are looked up side by side.
const LOOK_UPS_AT_ONCE: usize = 16;

/// The asking, its bounds, and what became of the crashes so far.
pub(super) struct Asking<'a> {
    store: Arc<dyn CrashStore>,
    database: Database,
    options: &'a ReprocessOptions,
    as_json: bool,
    pace: Pace,
    shutdown: Shutdown,
    tally: Tally,
}

/// What the store has of a crash: the time of arrival, as far as it is known and needed.
type Found = Option<Option<Timestamp>>;

impl<'a> Asking<'a> {
    pub(super) fn new(
        store: Arc<dyn CrashStore>,
        database: Database,
        options: &'a ReprocessOptions,
        as_json: bool,
        shutdown: Shutdown,
    ) -> Self {
        let pace = Pace::new(options.rate);
        Self { store, database, options, as_json, pace, shutdown, tally: Tally::default() }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether more crashes are wanted.
    pub(super) fn goes_on(&self) -> bool {
        self.left() > 0 && !self.shutdown.stopping()
    }

    /// Resolves when nothing more is to be asked for.
    pub(super) async fn stopped(&self) {
        self.shutdown.soft().cancelled().await;
    }

    /// Asks for crashes that somebody named.
    pub(super) async fn ask(&mut self, ids: &[CrashId]) -> anyhow::Result<()> {
        self.ask_batches(ids, false).await
    }

    /// Asks for crashes that have reports.
    pub(super) async fn ask_reported(&mut self, ids: &[CrashId]) -> anyhow::Result<()> {
        self.ask_batches(ids, true).await
    }

    fn left(&self) -> u64 {
        self.options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.tally.asked()))
    }

    async fn ask_batches(&mut self, mut ids: &[CrashId], reported: bool) -> anyhow::Result<()> {
        while !ids.is_empty() && self.goes_on() {
            let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
            let (batch, rest) = ids.split_at(self.pace.batch().min(left).min(ids.len()));
            ids = rest;
            let found: Vec<(CrashId, Found)> = futures::stream::iter(batch.iter().copied())
                .map(|id| look_up(Arc::clone(&self.store), id, reported))
                .buffered(LOOK_UPS_AT_ONCE)
                .try_collect()
                .await?;
            let mut there = Vec::with_capacity(found.len());
            for (id, found) in found {
                match found {
                    Some(received_at) => there.push((id, received_at)),
                    None => self.tally.count(id, Fate::NotInStore, self.as_json),
                }
            }
            self.ask_those(&there).await?;
        }
        Ok(())
    }

    async fn ask_those(&mut self, crashes: &[(CrashId, Option<Timestamp>)]) -> anyhow::Result<()> {
        if self.options.dry_run {
            for (id, _) in crashes {
                self.tally.count(*id, Fate::Queued, self.as_json);
            }
            return Ok(());
        }
        if crashes.is_empty() || !self.pace.wait(crashes.len(), &self.shutdown).await {
            return Ok(());
        }
        for (id, state) in self.database.ask_jobs(crashes, Lane::Reprocess).await? {
            let is_taken = state == AskedState::Taken;
            let fate = if is_taken { Fate::QueuedAgain } else { Fate::Queued };
            self.tally.count(id, fate, self.as_json);
        }
        Ok(())
    }
}

/// What the store has of a crash. A crash with a report has a generation beyond its arrival, so the
/// raw crash need not be read for it. One that can't be read is asked for all the same: its job ends
/// with a report that says so.
async fn look_up(
    store: Arc<dyn CrashStore>,
    crash_id: CrashId,
    is_reported: bool,
) -> Result<(CrashId, Found), StoreError> {
    if !store.exists(crash_id).await?.raw {
        return Ok((crash_id, None));
    }
    if is_reported {
        return Ok((crash_id, Some(None)));
    }
    match store.get_raw(crash_id).await {
        Ok(raw) => Ok((crash_id, raw.map(|raw| Some(raw.metadata.received_at)))),
        Err(error) if error.class == ErrorClass::Permanent => Ok((crash_id, Some(None))),
        Err(error) => Err(error),
    }
}
