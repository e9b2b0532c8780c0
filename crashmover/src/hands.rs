//! Which spooled files are being carried, and which wait for their next try.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_spool::Entry;
use tokio::sync::Notify;

/// Crashes that wait for another try. Beyond it nothing new is tried until some of them went
/// through: in an outage the spool itself is the queue.
const WAITING_MAX: usize = 1_000;

/// All that this process has in its hands.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    state: Mutex<State>,
    /// Told when something was put down after somebody was turned away.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    held: HashMap<PathBuf, u64>,
    bytes: u64,
    waiting: HashMap<PathBuf, Waiting>,
    /// Whether somebody was turned away for want of room since something was put down.
    full: bool,
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
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.hands.lock();
        if let Some(bytes) = state.held.remove(&self.path) {
            state.bytes -= bytes;
        }
        if std::mem::take(&mut state.full) {
            self.hands.freed.notify_one();
        }
    }
}

impl Hands {
    /// Takes a file up, unless the bytes in hand would pass `max`; one file is always taken.
    pub(crate) fn hold(self: &Arc<Self>, path: &Path, bytes: u64, max: u64) -> Option<Held> {
        let mut state = self.lock();
        if !state.held.is_empty() && state.bytes.saturating_add(bytes) > max {
            state.full = true;
            return None;
        }
        state.bytes += bytes;
        state.held.insert(path.to_owned(), bytes);
        Some(Held { hands: Arc::clone(self), path: path.to_owned() })
    }

    /// Lets a crash wait until it is due.
    pub(crate) fn wait(&self, entry: Entry, backoff: Backoff, due: Duration) {
        self.lock().waiting.insert(entry.path.clone(), Waiting { entry, backoff, due });
    }

    /// Takes back at most `max` crashes that are due, the longest due first.
    pub(crate) fn take_due(&self, now: Duration, max: usize) -> Vec<Waiting> {
        let mut state = self.lock();
        let due = state.waiting.values().filter(|waiting| waiting.due <= now);
        let mut due: Vec<_> = due.map(|waiting| (waiting.due, &waiting.entry.path)).collect();
        due.sort_unstable();
        let paths: Vec<_> = due.into_iter().take(max).map(|(_, path)| path.clone()).collect();
        paths.iter().filter_map(|path| state.waiting.remove(path)).collect()
    }

    /// Takes back the crash of one file, if it waits here.
    ///
    /// # Errors
    /// It waits, and its next try is not due yet.
    pub(crate) fn recall(&self, path: &Path, now: Duration) -> Result<Option<Waiting>, NotDue> {
        let mut state = self.lock();
        match state.waiting.get(path) {
            Some(waiting) if waiting.due > now => Err(NotDue),
            _ => Ok(state.waiting.remove(path)),
        }
    }

    /// Makes every waiting crash due: the store takes crashes again.
    pub(crate) fn all_due(&self, now: Duration) {
        let mut state = self.lock();
        state.waiting.values_mut().for_each(|waiting| waiting.due = waiting.due.min(now));
    }

    /// Whether new crashes may be tried.
    pub(crate) fn may_take_new(&self) -> bool {
        self.lock().waiting.len() < WAITING_MAX
    }

    /// Every file that a scan should pass over.
    pub(crate) fn paths(&self) -> HashSet<PathBuf> {
        let state = self.lock();
        state.held.keys().chain(state.waiting.keys()).cloned().collect()
    }

    /// When the next waiting crash is due, by the monotonic clock.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.lock().waiting.values().map(|waiting| waiting.due).min()
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
