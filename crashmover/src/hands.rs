//! Which spooled files are being carried, and which wait for their next try. The bytes in hand are
//! counted over all spools; what waits is counted for each, so that one spool's never fills
//! another's place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::waiting::{Queue, Waiting};

/// Crashes of one spool that wait because the store did not take them. Beyond it nothing new of it is
/// tried until some of them went through: in an outage the spool itself is the queue.
const WAITING_MAX: usize = 1_000;

/// Files of one spool that can't be opened, of which each says nothing about those beside it. They
/// stop nothing until there are so many that to remember them costs tens of megabytes.
const UNOPENED_MAX: usize = 100_000;

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
    /// Whether somebody was turned away since something was put down.
    full: bool,
}

/// What of one spool is in hand.
#[derive(Debug, Default)]
struct OfSpool {
    held: HashMap<PathBuf, InHand>,
    /// Those that the store did not take.
    waiting: Queue,
    /// Those that could not be opened.
    unopened: Queue,
    /// Whether the last of them that was tried could be opened: the others may be as well.
    opens_again: bool,
    /// Whether one of it was turned away for want of room since something was put down: the next
    /// would be as well.
    lacks_room: bool,
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
        state.spools.iter_mut().for_each(|spool| spool.lacks_room = false);
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
            state.spools[spool].lacks_room = true;
            return None;
        }
        state.bytes += bytes;
        state.spools[spool].unopened.remove(path);
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

    /// Whether a spool was turned away for want of room, and nothing was put down since.
    pub(crate) fn lacks_room(&self, spool: usize) -> bool {
        self.lock().spools[spool].lacks_room
    }

    /// Lets a crash that the store did not take wait until it is due.
    pub(crate) fn wait(&self, spool: usize, waiting: Waiting) {
        self.lock().spools[spool].waiting.insert(waiting);
    }

    /// Lets a file that could not be opened wait until it is due.
    pub(crate) fn wait_unopened(&self, spool: usize, waiting: Waiting) {
        let of_spool = &mut self.lock().spools[spool];
        of_spool.unopened.insert(waiting);
        of_spool.opens_again = false;
    }

    /// Takes back the crash of a spool that is longest due.
    pub(crate) fn take_due(&self, spool: usize, now: Duration) -> Option<Waiting> {
        self.lock().spools[spool].waiting.take_due(now)
    }

    /// At most `max` files of a spool that could not be opened and are due, the longest due first.
    /// They count as such until they are [opened](Hands::hold) or [gone](Hands::gone).
    pub(crate) fn unopened_due(&self, spool: usize, now: Duration, max: usize) -> Vec<Waiting> {
        self.lock().spools[spool].unopened.due(now).take(max).cloned().collect()
    }

    /// Forgets a file that is not there any more, or in somebody else's hands.
    pub(crate) fn gone(&self, spool: usize, path: &Path) {
        self.lock().spools[spool].unopened.remove(path);
    }

    /// How many files of a spool can't be opened, and why one of them can't.
    pub(crate) fn unopened(&self, spool: usize) -> Option<(usize, String)> {
        let state = self.lock();
        let unopened = &state.spools[spool].unopened;
        unopened.any().map(|one| (unopened.len(), one.why.clone()))
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
        let of_spool = &mut self.lock().spools[spool];
        for queue in [&mut of_spool.waiting, &mut of_spool.unopened] {
            if queue.due_of(path).is_some_and(|due| due > now) {
                return Err(NotDue);
            }
            if let Some(waiting) = queue.remove(path) {
                return Ok(Some(waiting));
            }
        }
        Ok(None)
    }

    /// Makes every waiting crash due: the store takes crashes again.
    pub(crate) fn all_due(&self, now: Duration) {
        self.lock().spools.iter_mut().for_each(|spool| spool.waiting.all_due(now));
    }

    /// Notes that a file of a spool could be opened that could not be before: the others are due.
    pub(crate) fn opens_again(&self, spool: usize, now: Duration) {
        let of_spool = &mut self.lock().spools[spool];
        of_spool.unopened.all_due(now);
        of_spool.opens_again = true;
    }

    /// Whether new crashes of a spool may be tried.
    pub(crate) fn may_take_new(&self, spool: usize) -> bool {
        let OfSpool { waiting, unopened, .. } = &self.lock().spools[spool];
        waiting.len() < WAITING_MAX && unopened.len() < UNOPENED_MAX
    }

    /// Whether a file of a spool is in hand or waits, so that a scan should pass it over.
    pub(crate) fn knows(&self, spool: usize, path: &Path) -> bool {
        let OfSpool { held, waiting, unopened, .. } = &self.lock().spools[spool];
        held.contains_key(path) || waiting.due_of(path).or(unopened.due_of(path)).is_some()
    }

    /// When a crash of a spool is due next, by the monotonic clock. For files that can't be opened
    /// nobody wakes up: they are tried when there are others.
    pub(crate) fn next_due(&self, spool: usize) -> Option<Duration> {
        let OfSpool { waiting, unopened, opens_again, .. } = &self.lock().spools[spool];
        let unopened = opens_again.then(|| unopened.next_due()).flatten();
        waiting.next_due().into_iter().chain(unopened).min()
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
