//! Counting what waits in the spools, and what of it the store has already: its mover was killed, or has
//! not come to removing it. Its next carrier finds the crash stored and removes it.

use auxilio_common::{CrashId, StoreError};
use futures::{StreamExt, TryStreamExt};

use super::Run;
use super::bringing::{LOOK_UPS_AT_ONCE, readable};
use super::tally::{Count, Tally};

impl Run {
    pub(super) async fn count_spools(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        let spools = self.straying.spools().clone();
        tally.add_count(Count::Quarantined, spools.quarantined());
        let mut waiting = spools.waiting()?;
        while !self.shutdown.stopping() {
            let (rest, ids) = waiting.next(self.pace.batch()).await?;
            waiting = rest;
            if ids.is_empty() {
                break;
            }
            tally.add_count(Count::Spooled, ids.len());
            let count = ids.len();
            tally.add_count(Count::SpooledAndStored, self.stored_among(ids).await?);
            self.pace.wait(count, &self.shutdown).await;
        }
        Ok(())
    }

    async fn stored_among(&self, ids: Vec<CrashId>) -> anyhow::Result<usize> {
        let store = self.bringing.store();
        let looks: Vec<bool> = futures::stream::iter(ids)
            .map(|id| async move {
                let presence = readable(store.exists(id).await)?;
                Ok::<_, StoreError>(presence.is_some_and(|it| it.raw))
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(looks.into_iter().filter(|is_there| *is_there).count())
    }
}
