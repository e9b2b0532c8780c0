//! Which spooled files are being carried, and which wait for their next try. The bytes in hand are
//! counted over all spools; what waits is counted for each, so that one spool's never fills
//! another's place.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_spool::Entry;
use tokio::sync::Notify;

/// Crashes of one spool that wait for another try. Beyond it nothing new of it is tried until some
/// of them went through: in an outage the spool itself is the queue.
const WAITING_MAX: usize = 1_000;

/// All that this process has in its hands.
#[derive(Debug)]
pub(crate) struct Hands {
    state: Mutex<State>,
    /// Told when something was put down after somebody was turned away.
    freed: Notify,
}

#[derive(Debug)]
struct State {
    bytes: u64,
    /// By the spools' numbers.
    spools: Vec<OfSpool>,
    /// Whether somebody was turned away for want of room since something was put down.
    full: bool,
}

/// What of one spool is in hand.
#[derive(Debug, Default)]
struct OfSpool {
    held: HashMap<PathBuf, InHand>,
    waiting: HashMap<PathBuf, Waiting>,
}

/// Whose slot a file is carried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// One of those that the spools share.
    Shared,
    /// One of those for wanted crashes.
    Wanted,
}

#[derive(Clone, Copy, Debug)]
struct InHand {
    bytes: u64,
    slot: Slot,
}

/// A crash whose last try failed.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) entry: Entry,
    pub(crate) backoff: Backoff,
    /// When it is due, by the monotonic clock.
    due: Duration,
}

/// A crash waits for its next try and is not due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDue;

/// A file in hand; put down when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    hands: Arc<Hands>,
    spool: usize,
    path: PathBuf,
}

impl Held {
    /// The number of the spool that the file is in.
    pub(crate) fn spool(&self) -> usize {
        self.spool
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.hands.lock();
        if let Some(held) = state.spools[self.spool].held.remove(&self.path) {
            state.bytes -= held.bytes;
        }
        if std::mem::take(&mut state.full) {
            self.hands.freed.notify_one();
        }
    }
}

impl Hands {
    /// Empty hands for so many spools.
    pub(crate) fn new(spools: usize) -> Self {
        let spools = (0..spools).map(|_| OfSpool::default()).collect();
        Self { state: Mutex::new(State { bytes: 0, spools, full: false }), freed: Notify::new() }
    }

    /// Takes a file up, unless the bytes in hand would pass `max`. Of each spool one file is always
    /// taken: no other spool, and no file larger than `max`, can stop it for good. Wanted ones are
    /// counted, and not held back.
    pub(crate) fn hold(
        self: &Arc<Self>,
        spool: usize,
        path: &Path,
        bytes: u64,
        max: u64,
        slot: Slot,
    ) -> Option<Held> {
        let mut state = self.lock();
        let is_held_back = slot == Slot::Shared
            && !state.spools[spool].held.is_empty()
            && state.bytes.saturating_add(bytes) > max;
        if is_held_back {
            state.full = true;
            return None;
        }
        state.bytes += bytes;
        state.spools[spool].held.insert(path.to_owned(), InHand { bytes, slot });
        Some(Held { hands: Arc::clone(self), spool, path: path.to_owned() })
    }

    /// How many of the shared slots each spool has.
    pub(crate) fn shared_slots(&self) -> Vec<usize> {
        let shared =
            |spool: &OfSpool| spool.held.values().filter(|held| held.slot == Slot::Shared).count();
        self.lock().spools.iter().map(shared).collect()
    }

    /// Notes that a spool has all that it may have in hand: [`Hands::freed`] tells when it has not.
    pub(crate) fn turned_away(&self) {
        self.lock().full = true;
    }

    /// Lets a crash wait until it is due.
    pub(crate) fn wait(&self, spool: usize, entry: Entry, backoff: Backoff, due: Duration) {
        let waiting = Waiting { entry, backoff, due };
        self.lock().spools[spool].waiting.insert(waiting.entry.path.clone(), waiting);
    }

    /// Takes back at most `max` crashes of a spool that are due, the longest due first.
    pub(crate) fn take_due(&self, spool: usize, now: Duration, max: usize) -> Vec<Waiting> {
        let waiting = &mut self.lock().spools[spool].waiting;
        let due = waiting.values().filter(|waiting| waiting.due <= now);
        let mut due: Vec<_> = due.map(|waiting| (waiting.due, &waiting.entry.path)).collect();
        due.sort_unstable();
        let paths: Vec<_> = due.into_iter().take(max).map(|(_, path)| path.clone()).collect();
        paths.iter().filter_map(|path| waiting.remove(path)).collect()
    }

    /// Takes back the crash of one file, if it waits here.
    ///
    /// # Errors
    /// It waits, and its next try is not due yet.
    pub(crate) fn recall(
        &self,
        spool: usize,
        path: &Path,
        now: Duration,
    ) -> Result<Option<Waiting>, NotDue> {
        let waiting = &mut self.lock().spools[spool].waiting;
        match waiting.get(path) {
            Some(waiting) if waiting.due > now => Err(NotDue),
            _ => Ok(waiting.remove(path)),
        }
    }

    /// Makes every waiting crash due: the store takes crashes again.
    pub(crate) fn all_due(&self, now: Duration) {
        let mut state = self.lock();
        let waiting = state.spools.iter_mut().flat_map(|spool| spool.waiting.values_mut());
        waiting.for_each(|waiting| waiting.due = waiting.due.min(now));
    }

    /// Whether new crashes of a spool may be tried.
    pub(crate) fn may_take_new(&self, spool: usize) -> bool {
        self.lock().spools[spool].waiting.len() < WAITING_MAX
    }

    /// Every file of a spool that a scan should pass over.
    pub(crate) fn paths(&self, spool: usize) -> HashSet<PathBuf> {
        let state = self.lock();
        let OfSpool { held, waiting } = &state.spools[spool];
        held.keys().chain(waiting.keys()).cloned().collect()
    }

    /// When the next waiting crash of a spool is due, by the monotonic clock.
    pub(crate) fn next_due(&self, spool: usize) -> Option<Duration> {
        self.lock().spools[spool].waiting.values().map(|waiting| waiting.due).min()
    }

    /// Resolves when there is room again after somebody was turned away.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic half-way, so a poisoned state is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
