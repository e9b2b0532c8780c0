//! Counts as others read them. Nothing is changed, so a spool of another machine can be read too.

use std::fs::File;
use std::io;

use auxilio_common::Timestamp;

use super::Counts;
use super::page::{self, Merged};
use super::settle::{folders, settled};
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

impl Source {
    /// All counts of a spool. A writer whose counts can't be read is an error among them.
    pub fn counts(&self) -> Result<Vec<Result<Reading, Error>>, Error> {
        let dir = self.layout.counts();
        let lock = match File::open(&dir) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("open", &dir)(error)),
        };
        // Nobody merges meanwhile.
        lock.lock_shared().map_err(Error::io("lock", &dir))?;
        let merged = page::read::<Merged>(&self.layout.merged_counts());
        let absorbed = merged.as_ref().map(|merged| merged.absorbed.clone()).unwrap_or_default();
        let mut readings = vec![merged.map(|merged| Reading {
            role: "merged".to_owned(),
            lives: false,
            written_at: None,
            counts: merged.counts,
        })];
        for (name, folder) in folders(&dir)? {
            if !absorbed.contains(&name) {
                readings.push(self.reading(&folder));
            }
        }
        Ok(readings)
    }

    fn reading(&self, folder: &std::path::Path) -> Result<Reading, Error> {
        let lives = instance::is_locked(folder);
        let page = page::read_page(folder)?;
        let (role, written_at) = (page.role, page.written_at);
        let counts = if lives { page.counts } else { settled(&self.layout, folder)? };
        Ok(Reading { role, lives, written_at, counts })
    }
}
