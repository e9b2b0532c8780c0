//! Hints: what crashmovers say about the index rows that they have just written.
//!
//! A hint may be lost. Each mover numbers its hints from one up, so a missing number tells that
//! rows are waiting that nobody will speak of again: then the whole index is scanned.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use auxilio_common::limits::{HINT_ENTRIES_MAX, HINT_MOVERS_MAX, HINT_QUEUE_ENTRIES_MAX};
use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The body of `POST /hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// Who speaks: another name for each process.
    pub mover: String,
    /// The place of this hint among those of its mover, from 1.
    pub number: u64,
    /// The rows that were written.
    pub entries: Vec<HintEntry>,
}

/// The key of an index row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HintEntry {
    /// When the crash came to its collector.
    pub received_at: Timestamp,
    /// The crash.
    pub crash_id: CrashId,
}

/// What became of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It will be acted on.
    Kept,
    /// Another monitor is active.
    StandingBy,
    /// More entries than one hint may have, or than fit in the queue: a scan will find them.
    TooMuch,
}

/// Hints on their way from the admin server to the active loop.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    more: Notify,
    gap: Notify,
}

#[derive(Debug, Default)]
struct State {
    active: bool,
    entries: Vec<IndexEntry>,
    /// The last number of each mover.
    numbers: HashMap<String, u64>,
}

impl Inbox {
    /// Begins or ends taking hints. Whatever was there before is forgotten: who becomes active
    /// scans the whole index first.
    pub(crate) fn set_active(&self, active: bool) {
        *self.lock() = State { active, ..State::default() };
    }

    /// Takes a hint from a mover.
    pub(crate) fn take(&self, hint: Hint) -> Taken {
        let mut state = self.lock();
        if !state.active {
            return Taken::StandingBy;
        }
        if state.is_gap(&hint.mover, hint.number) {
            tracing::info!(mover = hint.mover, number = hint.number, "hints were lost: scanning");
            self.gap.notify_one();
        }
        let room = HINT_QUEUE_ENTRIES_MAX - state.entries.len();
        if hint.entries.len() > room.min(HINT_ENTRIES_MAX) {
            self.gap.notify_one();
            return Taken::TooMuch;
        }
        state.entries.extend(hint.entries.into_iter().map(IndexEntry::from));
        self.more.notify_one();
        Taken::Kept
    }

    /// Waits for entries and takes all that there are, at least one.
    pub(crate) async fn entries(&self) -> Vec<IndexEntry> {
        loop {
            let entries = std::mem::take(&mut self.lock().entries);
            if !entries.is_empty() {
                return entries;
            }
            self.more.notified().await;
        }
    }

    /// Says that rows may be waiting of which nobody will speak.
    pub(crate) fn report_gap(&self) {
        self.gap.notify_one();
    }

    /// Waits until rows may be waiting of which nobody will speak.
    pub(crate) async fn gap(&self) {
        self.gap.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a mover's number; true if one before it is missing.
    fn is_gap(&mut self, mover: &str, number: u64) -> bool {
        if let Some(last) = self.numbers.get_mut(mover) {
            let before = std::mem::replace(last, number);
            // The same number is the same hint once more.
            return number != before && Some(number) != before.checked_add(1);
        }
        if self.numbers.len() >= HINT_MOVERS_MAX {
            // Movers come and go under new names; those that stay are known again by their next.
            self.numbers.clear();
        }
        self.numbers.insert(mover.to_owned(), number);
        // Of a mover that is new to this monitor the first hint known must be its first at all.
        number != 1
    }
}

impl From<HintEntry> for IndexEntry {
    fn from(entry: HintEntry) -> Self {
        Self { received_at: entry.received_at, crash_id: entry.crash_id }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn hint(mover: &str, number: u64, count: usize) -> Hint {
        let crash_id = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00120824").unwrap();
        let entry = HintEntry { received_at: Timestamp::from_micros(1), crash_id };
        Hint { mover: mover.into(), number, entries: vec![entry; count] }
    }

    async fn has_gap(inbox: &Inbox) -> bool {
        tokio::time::timeout(Duration::from_millis(1), inbox.gap()).await.is_ok()
    }

    #[tokio::test]
    async fn missing_number_is_a_gap_and_the_next_or_the_same_is_none() {
        let inbox = Inbox::default();
        inbox.set_active(true);
        for (mover, number, gap) in [
            ("a", 7, true),
            ("a", 8, false),
            ("b", 1, false),
            ("a", 8, false),
            ("a", 10, true),
            ("a", 11, false),
            ("a", 1, true),
        ] {
            assert_eq!(inbox.take(hint(mover, number, 1)), Taken::Kept);
            assert_eq!(has_gap(&inbox).await, gap, "{mover} {number}");
        }
        assert_eq!(inbox.entries().await.len(), 7);
    }

    #[tokio::test]
    async fn hints_are_bounded_and_what_does_not_fit_is_a_gap() {
        let inbox = Inbox::default();
        assert_eq!(inbox.take(hint("a", 1, 1)), Taken::StandingBy);
        inbox.set_active(true);
        assert_eq!(inbox.take(hint("a", 1, HINT_ENTRIES_MAX + 1)), Taken::TooMuch);
        assert!(has_gap(&inbox).await);
        let fill = (2..).take_while(|n| inbox.take(hint("a", *n, HINT_ENTRIES_MAX)) == Taken::Kept);
        assert_eq!(fill.count(), HINT_QUEUE_ENTRIES_MAX / HINT_ENTRIES_MAX);
        assert!(has_gap(&inbox).await);
        for n in 0..=HINT_MOVERS_MAX {
            inbox.take(hint(&n.to_string(), 1, 0));
        }
        assert!(inbox.lock().numbers.len() <= HINT_MOVERS_MAX);
        inbox.set_active(false);
        assert!(inbox.lock().entries.is_empty());
    }
}
