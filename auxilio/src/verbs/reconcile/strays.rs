//! What is astray in the store: left alone while it may be on its way, mended if it can be, removed
//! if that was asked for and it is old, else named.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::audit::{Astray, AuditScope, Mending, Stray};
use auxilio_common::{Clock, CrashId, CrashStore, limits};

use super::Run;
use super::fate::{End, Fate, Left};
use super::spools::Spools;
use super::tally::Tally;
use crate::cli::ReconcileOptions;

/// Who judges strays.
pub(super) struct Straying {
    store: Arc<dyn CrashStore>,
    spools: Spools,
    clock: Arc<dyn Clock>,
    is_dry_run: bool,
    removes_orphans: bool,
}

impl Straying {
    pub(super) fn new(
        store: Arc<dyn CrashStore>,
        spools: Spools,
        clock: Arc<dyn Clock>,
        options: &ReconcileOptions,
    ) -> Self {
        let (is_dry_run, removes_orphans) = (options.dry_run, options.remove_orphans);
        Self { store, spools, clock, is_dry_run, removes_orphans }
    }

    pub(super) fn spools(&self) -> &Spools {
        &self.spools
    }

    /// Does what is to be done about a stray; `None` if it is not astray any more.
    async fn end(&self, stray: &Stray, held: &HashSet<CrashId>) -> anyhow::Result<Option<Fate>> {
        let age = self.clock.now().since(stray.since);
        if age < limits::STRAY_AGE_MIN || held.contains(&stray.crash_id) {
            return Ok(Some(Fate::Arriving));
        }
        // It was not in a spool a moment ago: if a mover had it, all of it is in the store now.
        if !self.store.is_astray(stray).await? {
            return Ok(None);
        }
        let is_removed = self.removes_orphans && age >= limits::ORPHAN_AGE_MIN;
        if self.is_dry_run {
            return Ok(Some(match stray.what {
                Astray::Unlisted(_) => Fate::Indexed,
                Astray::Unfinished { .. } | Astray::RowAlone { .. } if is_removed => Fate::Removed,
                _ => left(stray, age),
            }));
        }
        Ok(match (self.store.mend(stray).await?, &stray.what) {
            (Mending::NotAstray, _) => None,
            (Mending::Mended, Astray::RowAlone { .. }) => Some(Fate::Restored),
            (Mending::Mended, _) => Some(Fate::Indexed),
            (Mending::Impossible, Astray::Unfinished { .. } | Astray::RowAlone { .. })
                if is_removed =>
            {
                // What holds bytes that no other place has stays, whatever was asked for.
                let is_gone = self.store.remove_stray(stray).await?;
                Some(if is_gone { Fate::Removed } else { left(stray, age) })
            }
            (Mending::Impossible, _) => Some(left(stray, age)),
        })
    }

    /// Those that a spool will complete. Of damage and of lone results it knows nothing.
    async fn held(&self, strays: &[Stray]) -> anyhow::Result<HashSet<CrashId>> {
        let completable =
            |stray: &&Stray| !matches!(stray.what, Astray::Damaged { .. } | Astray::ProcessedAlone);
        let ids: Vec<_> = strays.iter().filter(completable).map(|stray| stray.crash_id).collect();
        if ids.is_empty() { Ok(HashSet::new()) } else { self.spools.holding(ids).await }
    }
}

impl Run {
    /// Goes through a scope. What has no day of its own is kept to the days of the run.
    pub(super) async fn audit(
        &mut self,
        scope: AuditScope,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let is_dayless = matches!(scope, AuditScope::Unprocessed | AuditScope::Hangs);
        let days = self.from..=self.to;
        let mut from = None;
        while !self.shutdown.stopping() {
            let store = self.bringing.store();
            let mut page = store.audit(scope, from, self.pace.batch()).await?;
            page.strays.retain(|stray| !is_dayless || days.contains(&stray.crash_id.day()));
            let held = self.straying.held(&page.strays).await?;
            for stray in &page.strays {
                if let Some(fate) = self.straying.end(stray, &held).await? {
                    tally.count(&End { crash_id: stray.crash_id, fate }, self.as_json);
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
            self.pace.wait(page.looked_at, &self.shutdown).await;
        }
        Ok(())
    }
}

fn left(stray: &Stray, age: Duration) -> Fate {
    let age_secs = age.as_secs();
    Fate::Left(match &stray.what {
        Astray::Unfinished { bytes } => Left::Unfinished { age_secs, bytes: *bytes },
        Astray::Damaged { what } => Left::Damaged { what: what.clone() },
        Astray::ProcessedAlone => Left::ProcessedAlone { age_secs },
        Astray::Unlisted(index) => Left::Unlisted { index: *index },
        Astray::RowAlone { index, .. } => Left::RowAlone { index: *index, age_secs },
    })
}
