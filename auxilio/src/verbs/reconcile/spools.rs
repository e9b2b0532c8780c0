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

    /// Those of the crashes that wait in a spool or are in quarantine.
    pub(super) async fn holding(&self, ids: Vec<CrashId>) -> anyhow::Result<HashSet<CrashId>> {
        let spools = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut held = HashSet::new();
            for id in ids {
                let mut is_held = spools.quarantined.contains(&id);
                for source in spools.sources.iter() {
                    is_held = is_held || source.find(id)?.is_some();
                }
                if is_held {
                    held.insert(id);
                }
            }
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

fn quarantined_in(source: &Source) -> Result<HashSet<CrashId>, Error> {
    let mut ids = HashSet::new();
    for file in source.files()? {
        if let Kind::Quarantined(crash_id) = file?.kind {
            ids.insert(crash_id);
        }
    }
    Ok(ids)
}
