//! Counts as others read them. Nothing is changed, so a spool of another machine can be read too.

use std::fs::File;
use std::io;
use std::path::Path;

use auxilio_common::Timestamp;

use super::Counts;
use super::page::{self, Merged};
use super::settle::{folders, replaced, settled};
use crate::layout::Layout;
use crate::{Error, Source, instance};

/// The counts of one writer, or of all that are dead and merged.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What wrote them: `collector`, `crashmover`, or `merged`.
    pub role: String,
    /// Whether the writer lives: then they may be a second old.
    pub lives: bool,
    /// When they were written; `None` for what a writer left before its first second, and for merged ones.
    pub written_at: Option<Timestamp>,
    /// The numbers; those of a dead writer settled.
    pub counts: Counts,
}

/// All counts of a spool and its fallback. A writer whose counts can't be read is an error among them.
pub fn read(sources: &[Source]) -> Result<Vec<Result<Reading, Error>>, Error> {
    let mut locks = Vec::new();
    for source in sources {
        let dir = source.layout.counts();
        match File::open(&dir) {
            Ok(lock) => {
                // Nobody merges meanwhile.
                lock.lock_shared().map_err(Error::io("lock", &dir))?;
                locks.push((source, lock));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("open", &dir)(error)),
        }
    }
    let replaced = replaced(locks.iter().map(|(source, _)| *source));
    let mut readings = Vec::new();
    for (source, _lock) in &locks {
        let merged = page::read::<Merged>(&source.layout.merged_counts());
        let absorbed = merged.as_ref().map(|merged| merged.absorbed.clone()).unwrap_or_default();
        readings.push(merged.map(|merged| Reading {
            role: "merged".to_owned(),
            lives: false,
            written_at: None,
            counts: merged.counts,
        }));
        for (name, folder) in folders(&source.layout.counts())? {
            if !absorbed.contains(&name) && !replaced.contains(&name) {
                readings.push(reading(&source.layout, &folder));
            }
        }
    }
    Ok(readings)
}

fn reading(layout: &Layout, folder: &Path) -> Result<Reading, Error> {
    let lives = instance::is_locked(folder);
    let (page, counts) = if lives {
        let page = page::read_page(folder)?;
        let counts = page.counts.clone();
        (page, counts)
    } else {
        settled(layout, folder)?
    };
    Ok(Reading { role: page.role, lives, written_at: page.written_at, counts })
}
