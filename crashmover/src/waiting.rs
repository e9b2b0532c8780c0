//! Crashes of one spool that wait for their next try, in the order in which they are due. There may
//! be many thousands: no look-up goes through all of them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_spool::Entry;

/// A crash whose last try failed.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) entry: Entry,
    pub(crate) backoff: Backoff,
    /// When it is due, by the monotonic clock.
    pub(crate) due: Duration,
    /// Why the last try failed, in words.
    pub(crate) why: String,
}

/// When a crash is due, and a number that tells those of one moment apart.
type Place = (Duration, u64);

/// Those that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    by_place: BTreeMap<Place, Waiting>,
    places: HashMap<PathBuf, Place>,
    inserted: u64,
}

impl Queue {
    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.by_place.len()
    }

    /// Puts one in; it takes the place of an earlier one of the same file.
    pub(crate) fn insert(&mut self, waiting: Waiting) {
        self.inserted += 1;
        let place = (waiting.due, self.inserted);
        if let Some(before) = self.places.insert(waiting.entry.path.clone(), place) {
            self.by_place.remove(&before);
        }
        self.by_place.insert(place, waiting);
    }

    /// Takes the one of a file out.
    pub(crate) fn remove(&mut self, path: &Path) -> Option<Waiting> {
        self.places.remove(path).and_then(|place| self.by_place.remove(&place))
    }

    /// Takes the longest due out.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Waiting> {
        let first = self.by_place.first_entry().filter(|first| first.get().due <= now)?;
        let waiting = first.remove();
        self.places.remove(&waiting.entry.path);
        Some(waiting)
    }

    /// Those that are due, the longest due first.
    pub(crate) fn due(&self, now: Duration) -> impl Iterator<Item = &Waiting> {
        self.by_place.values().take_while(move |waiting| waiting.due <= now)
    }

    /// When the one of a file is due.
    pub(crate) fn due_of(&self, path: &Path) -> Option<Duration> {
        self.places.get(path).map(|(due, _)| *due)
    }

    /// When the first is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.by_place.first_key_value().map(|((due, _), _)| *due)
    }

    /// Any of them.
    pub(crate) fn any(&self) -> Option<&Waiting> {
        self.by_place.values().next()
    }

    /// Makes all of them due, in the order that they have.
    pub(crate) fn all_due(&mut self, now: Duration) {
        let Some((place, _)) = self.by_place.last_key_value() else { return };
        if place.0 <= now {
            return;
        }
        for mut waiting in std::mem::take(&mut self.by_place).into_values() {
            waiting.due = waiting.due.min(now);
            self.insert(waiting);
        }
    }
}
