//! What dead writers left: settled by a look at the files of their journals, and merged into one file.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::page::{self, Merged, Page, Record};
use super::{Counts, Event};
use crate::layout::Layout;
use crate::{Error, Source, instance};

/// The outcome of a submission that its collector did not live to answer.
const ABORTED: &str = "aborted";

/// Why.
const KILLED: &str = "killed";

/// Merges the counts of dead writers of a spool and its fallback, before anything that they left unfinished is
/// swept: a draft that is gone counts as spooled. A folder that can't be read stays, and whoever reads
/// the counts is told.
pub(crate) fn settle(sources: &[Source]) -> Result<(), Error> {
    let mut settled = Ok(());
    let mut held = Vec::new();
    for source in sources {
        match lock(&source.layout.counts()) {
            Ok(Some(lock)) => held.push((source, lock)),
            Ok(None) => {}
            Err(error) => settled = Err(error),
        }
    }
    let replaced = replaced(held.iter().map(|(source, _)| *source));
    for (source, _lock) in &held {
        let merged = settle_one(&source.layout, &replaced);
        settled = settled.and(merged);
    }
    settled
}

fn settle_one(layout: &Layout, replaced: &HashSet<String>) -> Result<(), Error> {
    let path = layout.merged_counts();
    let mut merged: Merged = page::read(&path)?;
    let absorbed: HashSet<String> = std::mem::take(&mut merged.absorbed).into_iter().collect();
    let mut dead = Vec::new();
    for (name, folder) in folders(&layout.counts())? {
        let Some(held) = hold(&folder) else {
            merged.absorbed.extend(absorbed.get(&name).cloned());
            continue;
        };
        if !absorbed.contains(&name) && !replaced.contains(&name) {
            let Ok((page, counts)) = settled(layout, &folder) else { continue };
            merged.counts.merge(&counts);
            merged.replaces.extend(page.replaces);
        }
        merged.absorbed.push(name);
        dead.push((folder, held));
    }
    if dead.is_empty() {
        return Ok(());
    }
    page::write(&path, &merged)?;
    dead.iter().try_for_each(|(folder, _)| page::remove_folder(folder))
}

/// The folders whose counts stand in others of these spools, because their disk failed.
pub(super) fn replaced<'a>(sources: impl Iterator<Item = &'a Source>) -> HashSet<String> {
    let mut replaced = HashSet::new();
    for source in sources {
        let merged = page::read::<Merged>(&source.layout.merged_counts());
        replaced.extend(merged.unwrap_or_default().replaces);
        for (_, folder) in folders(&source.layout.counts()).unwrap_or_default() {
            replaced.extend(page::read_page(&folder).unwrap_or_default().replaces);
        }
    }
    replaced
}

/// The page of a dead writer, and its counts with what its journals say.
pub(super) fn settled(layout: &Layout, folder: &Path) -> Result<(Page, Counts), Error> {
    let page = page::read_page(folder)?;
    let journal = page::read_journals(folder, page.journal)?;
    let is_there = |file: &str| {
        let looked_up = layout.dir().join(file).symlink_metadata();
        // What can't be looked at is not gone.
        !looked_up.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    let counts = settle_page(page.clone(), journal, is_there);
    Ok((page, counts))
}

fn settle_page(page: Page, journal: Vec<Record>, is_there: impl Fn(&str) -> bool) -> Counts {
    let Page { mut counts, pending, .. } = page;
    let received = counts.received;
    let mut open: BTreeMap<u64, Record> = BTreeMap::new();
    for record in pending.into_iter().chain(journal) {
        if record.event.is_some() {
            open.insert(record.ticket, record);
        } else {
            open.remove(&record.ticket);
        }
    }
    for record in open.into_values() {
        let Some(event) = record.event.filter(|_| !is_there(&record.file)) else { continue };
        match record.submission {
            // Its head came after the counts were written.
            Some(number) if number > received => counts.received += 1,
            Some(_) => counts.in_flight = counts.in_flight.saturating_sub(1),
            None => {}
        }
        counts.add(event);
    }
    let killed = std::mem::take(&mut counts.in_flight);
    counts.add_many(Event::new(ABORTED, None, KILLED), killed);
    counts
}

/// The folders of writers, dead or alive, by their names.
pub(super) fn folders(dir: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::io("list", dir))? {
        let entry = entry.map_err(Error::io("list", dir))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    folders.sort();
    Ok(folders)
}

/// The lock of all counts; `None` if there are none. Waits: it is held for moments.
pub(super) fn lock(dir: &Path) -> Result<Option<File>, Error> {
    match File::open(dir) {
        Ok(folder) => {
            folder.lock().map_err(Error::io("lock", dir))?;
            Ok(Some(folder))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open", dir)(error)),
    }
}

/// The lock of a writer's folder, if the writer is dead.
fn hold(folder: &Path) -> Option<File> {
    let held = File::open(folder).ok()?;
    instance::lock(&held).ok()?.then_some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(outcome: &str) -> Event {
        Event::new(outcome, Some("Demo"), "rule")
    }

    fn record(ticket: u64, submission: u64, file: &str, outcome: Option<&str>) -> Record {
        Record {
            ticket,
            submission: Some(submission),
            file: file.to_owned(),
            event: outcome.map(event),
        }
    }

    #[test]
    fn what_left_its_place_is_counted_and_nothing_else() {
        let mut counts = Counts { received: 10, in_flight: 3, ..Counts::default() };
        counts.add_many(event("accepted"), 7);
        let pending =
            vec![record(8, 8, "gone", Some("accepted")), record(9, 9, "there", Some("accepted"))];
        let page = Page { counts, journal: 4, pending, ..Page::default() };
        let journal = vec![
            record(10, 11, "gone", Some("deferred")),
            record(11, 12, "there", Some("deferred")),
            record(12, 13, "gone", Some("accepted")),
            record(12, 13, "gone", None),
        ];
        let settled = settle_page(page, journal, |file| file == "there");
        assert_eq!((settled.received, settled.in_flight), (11, 0));
        assert_eq!(settled.outcome("accepted"), 8, "submission 8 was spooled");
        assert_eq!(settled.outcome("deferred"), 1, "submission 11 was spooled");
        assert_eq!(settled.outcome("aborted"), 2, "one was a draft, of another nothing is known");
        assert_eq!(settled.count(|_| true), settled.received);
    }
}
