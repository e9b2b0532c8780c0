//! Queued jobs whose raw crash is nowhere. They are named and stay: the processor that takes one ends
//! it as `raw_gone`.

use auxilio_common::{CrashId, StoreError};
use futures::{StreamExt, TryStreamExt};

use super::Run;
use super::bringing::{LOOK_UPS_AT_ONCE, readable};
use super::fate::{End, Fate};
use super::tally::Tally;

impl Run {
    pub(super) async fn find_jobs_alone(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        let (from, to, mut after) = (self.from, self.to, None);
        while !self.shutdown.stopping() {
            let database = self.bringing.database();
            let page = database.queued_crashes(from, to, after, self.pace.batch()).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            let count = page.len();
            self.judge_jobs(page, tally).await?;
            self.pace.wait(count, &self.shutdown).await;
        }
        Ok(())
    }

    /// A job comes only after its crash is in the store, so the queue was read first.
    async fn judge_jobs(&self, ids: Vec<CrashId>, tally: &mut Tally) -> anyhow::Result<()> {
        let store = self.bringing.store();
        let looks: Vec<Option<CrashId>> = futures::stream::iter(ids)
            .map(|id| async move {
                let presence = readable(store.exists(id).await)?;
                Ok::<_, StoreError>(presence.is_some_and(|it| !it.raw).then_some(id))
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await?;
        let gone: Vec<CrashId> = looks.into_iter().flatten().collect();
        if gone.is_empty() {
            return Ok(());
        }
        let held = self.straying.spools().holding(gone.clone()).await?;
        // One that ended meanwhile took its crash along, or was told that there is none.
        let still = self.bringing.database().crashes_with_jobs(&gone).await?;
        for crash_id in gone.into_iter().filter(|id| still.contains(id)) {
            let fate = if held.contains(&crash_id) { Fate::Arriving } else { Fate::JobAlone };
            tally.count(&End { crash_id, fate }, self.as_json);
        }
        Ok(())
    }
}
