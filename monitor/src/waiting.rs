//! Crashes that somebody asked for before the store had them: looked for in the store, and wanted
//! from the crashmovers, until they come or can't come any more.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::StoreError;
use auxilio_common::{CrashId, CrashStore, Timestamp};
use auxilio_database::Listener;
use auxilio_service::{error_chain, metrics};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::active::Active;
use crate::intake::Error;

/// Time between two looks for crashes that were asked for not long ago: somebody sits before a page.
const YOUNG_EVERY: Duration = Duration::from_secs(1);

/// How long a crash counts as asked for not long ago.
const YOUTH: Duration = Duration::from_mins(1);

/// Time between two looks for all others.
const ALL_EVERY: Duration = Duration::from_secs(10);

/// Pause after a word of a new one: several that are asked for at once are looked for together.
const GATHER: Duration = Duration::from_millis(20);

/// Crashes that are looked up side by side.
const LOOK_UPS_AT_ONCE: usize = 16;

/// What the store says about waiting crashes.
#[derive(Debug, Default)]
struct Found {
    arrived: Vec<(CrashId, Timestamp)>,
    missing: Vec<CrashId>,
}

impl Active<'_> {
    /// Looks for waiting crashes until the future is dropped.
    pub(crate) async fn follow_waiting(&self) {
        let mut words = self.intake.database().listen_for_waiting();
        let mut all_due = Instant::now();
        loop {
            let is_all = Instant::now() >= all_due;
            if is_all {
                all_due = Instant::now() + ALL_EVERY;
            }
            if let Err(error) = self.look_for_waiting(is_all).await {
                tracing::warn!(error = error_chain(&error), "waiting crashes can't be looked for");
            }
            next_look(&mut words).await;
        }
    }

    async fn look_for_waiting(&self, is_all: bool) -> Result<(), Error> {
        let database = self.intake.database();
        let youth = (!is_all).then_some(YOUTH);
        let waiting = database.waiting_jobs(youth).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let found = look_up(self.intake.shared_store(), waiting.clone()).await;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                // Where the crashes are can't be said; the crashmovers may know.
                self.wanted.send(&waiting).await;
                return Err(error.into());
            }
        };
        if !found.arrived.is_empty() {
            let queued = database.queue_arrived(&found.arrived).await?;
            tracing::info!(queued, "crashes that were waited for have come");
        }
        if found.missing.is_empty() {
            return Ok(());
        }
        self.wanted.send(&found.missing).await;
        if is_all {
            let ended = database.give_up_waiting(&found.missing, self.config.spool_age()).await?;
            metrics::MONITOR_NEVER_ARRIVED.add(ended, &[]);
        }
        Ok(())
    }
}

async fn next_look(words: &mut Listener) {
    tokio::select! {
        () = words.word() => tokio::time::sleep(GATHER).await,
        () = tokio::time::sleep(YOUNG_EVERY) => {}
    }
}

/// Asks the store for each of the crashes, some side by side. The first error ends it.
async fn look_up(store: &Arc<dyn CrashStore>, ids: Vec<CrashId>) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let mut ids = ids.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < LOOK_UPS_AT_ONCE
            && let Some(id) = ids.next()
        {
            let store = Arc::clone(store);
            running.spawn(async move { Ok((id, arrival(&*store, id).await?)) });
        }
        match running.join_next().await {
            Some(Ok(answer)) => match answer? {
                (crash_id, Some(received_at)) => found.arrived.push((crash_id, received_at)),
                (crash_id, None) => found.missing.push(crash_id),
            },
            // A panic is a bug of the store: the crash is looked for again.
            Some(Err(error)) => {
                tracing::error!(error = error_chain(&error), "a look-up's task failed");
            }
            None => return Ok(found),
        }
    }
}

/// When a crash came to its collector, if the store has it.
async fn arrival(store: &dyn CrashStore, id: CrashId) -> Result<Option<Timestamp>, StoreError> {
    if !store.exists(id).await?.raw {
        return Ok(None);
    }
    Ok(store.get_raw(id).await?.map(|crash| crash.metadata.received_at))
}
