//! A writer's counts: in memory, on disk about every second, and a journal between.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auxilio_common::Random;
use auxilio_common::limits::COUNTED_PRODUCTS_MAX;

use super::page::{self, Page, Record};
use super::{Counts, Event, OTHER_PRODUCTS, is_name};
use crate::instance::Instance;
use crate::{Error, Source, durable};

/// The counts that one role of one process writes into a spool, and into its fallback while that can't be
/// written.
///
/// Counting never fails: while all disks refuse, numbers wait in memory for the next [`Ledger::flush`].
#[derive(Debug)]
pub struct Ledger {
    /// Where they may stand, the first choice first.
    sources: Vec<Source>,
    role: &'static str,
    random: Arc<dyn Random>,
    state: Mutex<State>,
    /// Held by the one flush at a time.
    place: Mutex<Option<Place>>,
}

/// Where the counts stand at present.
#[derive(Debug)]
struct Place {
    source: Source,
    folder: Instance,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    products: HashSet<String>,
    /// What is under way, by ticket, with absolute paths.
    pending: BTreeMap<u64, Record>,
    tickets: u64,
    /// The spool's folder that the journal lies in: paths below it are written relative to it, so that a spool
    /// that is moved as a whole stays readable.
    base: PathBuf,
    /// Folders of ours on disks that failed.
    replaced: Vec<String>,
    journal: Option<File>,
    journal_number: u64,
    /// Whether anything was counted since the last flush.
    is_dirty: bool,
}

impl Ledger {
    /// Empty counts of a spool and its fallback. Nothing is made before the first flush.
    pub fn new(sources: Vec<Source>, role: &'static str, random: Arc<dyn Random>) -> Self {
        Self { sources, role, random, state: Mutex::default(), place: Mutex::default() }
    }

    /// Counts a submission's head. Returns its number.
    pub fn receive(&self) -> u64 {
        let mut state = self.lock();
        state.is_dirty = true;
        state.counts.received += 1;
        state.counts.in_flight += 1;
        state.counts.received
    }

    /// Notes that an event is about to be done, which it is exactly when no file stands at this path
    /// any more. Returns its ticket; [`Ledger::end`] or [`Ledger::give_up`] must follow.
    pub fn expect(&self, submission: Option<u64>, file: &Path, event: &Event) -> u64 {
        let file = file.to_string_lossy().into_owned();
        let mut state = self.lock();
        state.tickets += 1;
        let (ticket, event) = (state.tickets, state.bucketed(event.clone()));
        let record = Record { ticket, submission, file, event: Some(event) };
        state.write(&record);
        state.pending.insert(ticket, record);
        ticket
    }

    /// Counts an event that is done. If another was expected under the ticket, that one is given up.
    pub fn end(&self, ticket: Option<u64>, event: Event) {
        let mut state = self.lock();
        let event = state.bucketed(event);
        state.close(ticket, Some(&event));
        state.counts.add(event);
    }

    /// The same for the end of a submission.
    pub fn end_submission(&self, ticket: Option<u64>, event: Event) {
        let mut state = self.lock();
        let event = state.bucketed(event);
        state.close(ticket, Some(&event));
        state.counts.in_flight = state.counts.in_flight.saturating_sub(1);
        state.counts.add(event);
    }

    /// Notes that what was expected was not done.
    pub fn give_up(&self, ticket: u64) {
        self.lock().close(Some(ticket), None);
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// Blocks: writes what was counted, if anything was, and settles at first what dead writers left. Where
    /// it can't be written it goes to the next of the ledger's spools.
    pub fn flush(&self) -> Result<(), Error> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trouble = None;
        if let Some(here) = place.as_ref().filter(|place| place.folder.is_there()) {
            if !self.lock().is_dirty {
                return Ok(());
            }
            match self.write(here, None) {
                Ok(()) => return Ok(()),
                Err(error) => trouble = Some((here.source.dir().to_owned(), error)),
            }
        }
        let begun = if place.is_none() { super::begin(&self.sources) } else { Ok(()) };
        let settled = begun.and(super::settle(&self.sources));
        let former = place.as_ref().map(|place| place.folder.name());
        for source in &self.sources {
            if trouble.as_ref().is_some_and(|(dir, _)| dir == source.dir()) {
                continue;
            }
            match self.begin(source, former.as_ref()) {
                Ok(begun) => {
                    self.lock().replaced.extend(former);
                    *place = Some(begun);
                    // Ours are written even if those of the dead can't be merged.
                    return settled;
                }
                Err(error) => {
                    trouble.get_or_insert((source.dir().to_owned(), error));
                }
            }
        }
        trouble.map_or(settled, |(_, error)| Err(error))
    }

    /// Makes a place in a spool for all that was counted so far; a former one counts no more.
    fn begin(&self, source: &Source, former: Option<&String>) -> Result<Place, Error> {
        // Nothing is made where a spool belongs that is away.
        source.check_readable()?;
        let dir = source.layout.counts();
        durable::make_folders(&dir).map_err(Error::io("make", &dir))?;
        let folder = Instance::create(&dir, &*self.random)?;
        let place = Place { source: source.clone(), folder };
        if let Err(error) = self.write(&place, former) {
            // A full disk may have taken the half of it.
            let _ = page::remove_folder(place.folder.path());
            return Err(error);
        }
        Ok(place)
    }

    fn write(&self, place: &Place, former: Option<&String>) -> Result<(), Error> {
        let folder = place.folder.path();
        let number = self.lock().journal_number + 1;
        let journal = page::create_journal(folder, number)?;
        let mut page = self.turn_over(journal, number, place.source.dir());
        page.replaces.extend(former.cloned());
        if let Err(error) = page::write_page(folder, &page) {
            self.lock().is_dirty = true;
            return Err(error);
        }
        page::remove_journals(folder, number)
    }

    /// The page of this moment; what comes next goes into another journal.
    fn turn_over(&self, journal: File, number: u64, base: &Path) -> Page {
        let mut state = self.lock();
        state.is_dirty = false;
        state.journal = Some(journal);
        state.journal_number = number;
        base.clone_into(&mut state.base);
        let relative = |record: &Record| {
            let file = state.relative(&record.file).to_owned();
            Record { file, ..record.clone() }
        };
        Page {
            role: self.role.to_owned(),
            written_at: self.sources.first().map(|source| source.clock.now()),
            counts: state.counts.clone(),
            journal: number,
            pending: state.pending.values().map(relative).collect(),
            replaces: state.replaced.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes an expected event out of what is under way.
    fn close(&mut self, ticket: Option<u64>, done: Option<&Event>) {
        self.is_dirty = true;
        let Some(record) = ticket.and_then(|ticket| self.pending.remove(&ticket)) else { return };
        if record.event.as_ref() != done {
            self.write(&Record { event: None, ..record });
        }
    }

    /// Writes a line into the journal. A kill leaves it to the system; a disk that takes none makes the
    /// counts after a kill less exact, and stops no crash.
    fn write(&mut self, record: &Record) {
        self.is_dirty = true;
        let line = serde_json::to_vec(&record.line(self.relative(&record.file)));
        if let (Some(journal), Ok(mut line)) = (&mut self.journal, line) {
            line.push(b'\n');
            let _ = journal.write_all(&line);
        }
    }

    /// A record's file as it is written.
    fn relative<'a>(&self, file: &'a str) -> &'a str {
        Path::new(file).strip_prefix(&self.base).ok().and_then(Path::to_str).unwrap_or(file)
    }

    /// The event with its product, or with that of all others when there are too many.
    fn bucketed(&mut self, mut event: Event) -> Event {
        if is_name(&event.product) && !self.products.contains(&event.product) {
            if self.products.len() < COUNTED_PRODUCTS_MAX {
                self.products.insert(event.product.clone());
            } else {
                OTHER_PRODUCTS.clone_into(&mut event.product);
            }
        }
        event
    }
}
