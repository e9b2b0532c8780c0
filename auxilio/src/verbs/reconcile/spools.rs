//! The spools of this machine: what may still come to the store from them.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Context;
use auxilio_common::{Clock, CrashId};
use auxilio_crashmover::carried_spools;
use auxilio_service::error_chain;
use auxilio_spool::files::Kind;
use auxilio_spool::{Error, Source, SpoolFile};

use crate::config::Config;

/// The spools that are there, and who was in quarantine at the start.
#[derive(Clone)]
pub(super) struct Spools {
    sources: Arc<Vec<Source>>,
    quarantined: Arc<HashSet<CrashId>>,
}

/// The crashes that wait in them, as far as they were read.
pub(super) struct Waiting {
    files: Box<dyn Iterator<Item = Result<SpoolFile, Error>> + Send>,
}

impl Spools {
    /// Those of a configuration. One that is not there, or can't be read, is named: what it holds is
    /// not known.
    pub(super) async fn of(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let carried = carried_spools(&config.spool, &config.crashmover, clock);
        let read = tokio::task::spawn_blocking(move || {
            let (mut sources, mut quarantined) = (Vec::new(), HashSet::new());
            for source in carried.into_iter().map(|spool| spool.source) {
                match quarantined_in(&source) {
                    Ok(ids) => {
                        quarantined.extend(ids);
                        sources.push(source);
                    }
                    Err(error) => {
                        let why = error_chain(&error);
                        eprintln!("auxilio: the crashes of a spool are not known: {why}");
                    }
                }
            }
            Self { sources: Arc::new(sources), quarantined: Arc::new(quarantined) }
        });
        read.await.context("reading the spools was cut off")
    }

    /// Those of the crashes that wait in a spool or are in quarantine, now: a run takes hours, and a
    /// crash may be put aside meanwhile.
    pub(super) async fn holding(&self, ids: Vec<CrashId>) -> anyhow::Result<HashSet<CrashId>> {
        let spools = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut held = waiting_among(&spools.sources, &ids)?;
            // After the lanes: what was put aside since is there. And before them once more: what
            // came back since is in one.
            for source in spools.sources.iter() {
                let quarantined = quarantined_in(source)?;
                held.extend(ids.iter().filter(|id| quarantined.contains(id)));
            }
            let others: Vec<_> = ids.into_iter().filter(|id| !held.contains(id)).collect();
            held.extend(waiting_among(&spools.sources, &others)?);
            Ok::<_, Error>(held)
        });
        Ok(read.await.context("reading the spools was cut off")??)
    }

    /// How many crashes were in quarantine.
    pub(super) fn quarantined(&self) -> usize {
        self.quarantined.len()
    }

    /// Everything that waits, read folder by folder.
    pub(super) fn waiting(&self) -> anyhow::Result<Waiting> {
        let mut files: Vec<_> = Vec::new();
        for source in self.sources.iter() {
            files.push(source.files()?);
        }
        Ok(Waiting { files: Box::new(files.into_iter().flatten()) })
    }
}

impl Waiting {
    /// The next crashes, at most `limit`; none at the end.
    pub(super) async fn next(mut self, limit: usize) -> anyhow::Result<(Self, Vec<CrashId>)> {
        let read = tokio::task::spawn_blocking(move || {
            let mut ids = Vec::with_capacity(limit);
            while ids.len() < limit {
                let Some(file) = self.files.next() else { break };
                if let Kind::Waiting(_, crash_id) = file?.kind {
                    ids.push(crash_id);
                }
            }
            Ok::<_, Error>((self, ids))
        });
        Ok(read.await.context("reading the spools was cut off")??)
    }
}

fn waiting_among(sources: &[Source], ids: &[CrashId]) -> Result<HashSet<CrashId>, Error> {
    let mut waiting = HashSet::new();
    for id in ids {
        for source in sources {
            waiting.extend(source.find(*id)?.map(|_| *id));
        }
    }
    Ok(waiting)
}

fn quarantined_in(source: &Source) -> Result<HashSet<CrashId>, Error> {
    let mut ids = HashSet::new();
    for file in source.files()? {
        if let Kind::Quarantined(crash_id) = file?.kind {
            ids.insert(crash_id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use auxilio_common::{Day, DumpName, RawEnvelope as _};
    use auxilio_service::clock::{SystemClock, SystemRandom};
    use auxilio_spool::{Lane, Spool};
    use auxilio_testkit::raw::Recipe;

    use super::*;

    #[tokio::test]
    async fn a_crash_that_is_put_aside_while_a_run_goes_on_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::embedded(dir.path(), 0);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let spool = Spool::open(config.spool.clone(), Arc::clone(&clock), Arc::new(SystemRandom));
        let spool = spool.unwrap();
        let spools = Spools::of(&config, &clock).await.unwrap();
        let day = Day::from_ymd(2012, 6, 15).unwrap();
        let crash = Recipe::new(day, 1).without_dumps().envelope().raw_crash().clone();
        let id = crash.crash_id;
        let is_held = async || spools.holding(vec![id]).await.unwrap().contains(&id);
        assert!(!is_held().await);
        let mut draft = spool.begin().unwrap();
        draft.begin_dump(DumpName::main()).unwrap();
        draft.end_dump().unwrap();
        draft.commit(Lane::Standard, crash).unwrap();
        assert!(is_held().await);
        let entry = spool.source().find(id).unwrap().unwrap();
        spool.source().claim(&entry).unwrap().unwrap().quarantine("why").unwrap();
        assert!(is_held().await);
    }
}
