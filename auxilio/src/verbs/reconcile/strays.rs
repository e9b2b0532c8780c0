//! What is astray in the store: left alone while it may be on its way, mended if it can be, removed
//! if that was asked for and it is old, else named.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::audit::{Astray, AuditScope, Mending, Outlook, Stray};
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
            return Ok(Some(match (self.store.outlook(stray).await?, &stray.what) {
                (Outlook::Mendable, Astray::RowAlone { .. }) => Fate::Restored,
                (Outlook::Mendable, _) => Fate::Indexed,
                (Outlook::Removable, _) if is_removed => Fate::Removed,
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

#[cfg(test)]
mod tests {
    use auxilio_common::Day;
    use auxilio_common::audit::Index;
    use auxilio_disk_store::DiskStore;
    use auxilio_service::clock::{SystemClock, SystemRandom};

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn what_was_mended_or_carried_since_it_was_found_is_no_find() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::embedded(dir.path(), 0);
        config.disk_store.dir = dir.path().join("store");
        let store = Arc::new(DiskStore::new(config.disk_store.clone(), Arc::new(SystemRandom)));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let day = Day::from_ymd(2012, 6, 15).unwrap();
        let crash_id = CrashId::issue([7; 16], 0, day);
        for (is_dry_run, removes_orphans) in [(true, false), (false, false), (false, true)] {
            let straying = Straying {
                store: Arc::clone(&store) as Arc<dyn CrashStore>,
                spools: Spools::of(&config, &clock).await.unwrap(),
                clock: Arc::clone(&clock),
                is_dry_run,
                removes_orphans,
            };
            for what in [
                Astray::Unfinished { bytes: 1 },
                Astray::Damaged { what: "x".to_owned() },
                Astray::ProcessedAlone,
                Astray::Unlisted(Index::Hang),
                Astray::RowAlone { index: Index::Hang, row: b"a/b/c".to_vec() },
            ] {
                let young = Stray { crash_id, since: clock.now(), what: what.clone() };
                let since = auxilio_common::Timestamp::midnight(day);
                let old = Stray { crash_id, since, what };
                let nobody = HashSet::new();
                assert_eq!(straying.end(&old, &nobody).await.unwrap(), None, "{old:?}");
                let arriving = Some(Fate::Arriving);
                assert_eq!(straying.end(&young, &nobody).await.unwrap(), arriving, "{young:?}");
                let held = HashSet::from([crash_id]);
                assert_eq!(straying.end(&old, &held).await.unwrap(), arriving, "{old:?}");
            }
        }
    }
}
