//! The crashes of a day, as the store and Postgres list them, side by side in the order of ids.
//!
//! Each side is read in pages; what is known of both is everything up to the lower end of the two
//! pages. So a day of any size takes the memory of two pages, whichever side has more.

use std::collections::VecDeque;

use auxilio_common::{CrashId, CrashStore, Day, Generation};
use auxilio_database::Database;

/// Crashes of one page.
const PAGE_CRASHES: usize = 1_000;

/// A crash of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) crash_id: CrashId,
    /// The generation of its report, if it has one.
    pub(super) row: Option<Generation>,
}

/// The listing, as far as it was read.
pub(super) struct Listing {
    day: Day,
    stored: Side<()>,
    reported: Side<Generation>,
}

/// One side: what was read of it and not yet passed on.
struct Side<T> {
    read: VecDeque<(CrashId, T)>,
    /// Where the next page begins.
    after: Option<CrashId>,
    is_whole: bool,
}

impl Listing {
    pub(super) fn of(day: Day) -> Self {
        Self { day, stored: Side::new(), reported: Side::new() }
    }

    /// The next crashes; none at the end of the day.
    ///
    /// A crash whose row is not there may have none, or one that is younger than the listing.
    pub(super) async fn next(
        &mut self,
        store: &dyn CrashStore,
        database: &Database,
    ) -> anyhow::Result<Vec<Entry>> {
        if self.reported.needs_more() {
            let after = self.reported.after;
            self.reported.add(database.report_generations(self.day, after, PAGE_CRASHES).await?);
        }
        if self.stored.needs_more() {
            let page = store.list_day(self.day, self.stored.after, PAGE_CRASHES).await?;
            self.stored.add(page.into_iter().map(|id| (id, ())).collect());
        }
        Ok(merge(&mut self.stored, &mut self.reported))
    }
}

impl<T> Side<T> {
    fn new() -> Self {
        Self { read: VecDeque::new(), after: None, is_whole: false }
    }

    fn needs_more(&self) -> bool {
        self.read.is_empty() && !self.is_whole
    }

    fn add(&mut self, page: Vec<(CrashId, T)>) {
        self.is_whole = page.len() < PAGE_CRASHES;
        self.after = page.last().map_or(self.after, |(id, _)| Some(*id));
        self.read.extend(page);
    }

    /// Up to where this side is known; `None` if to the end of the day.
    fn known_to(&self) -> Option<CrashId> {
        if self.is_whole { None } else { self.read.back().map(|(id, _)| *id) }
    }

    /// Its next crash, if it is not beyond `end`.
    fn peek(&self, end: Option<CrashId>) -> Option<CrashId> {
        self.read.front().map(|(id, _)| *id).filter(|id| end.is_none_or(|end| *id <= end))
    }

    fn take(&mut self, crash_id: CrashId) -> Option<T> {
        self.read.pop_front_if(|(id, _)| *id == crash_id).map(|(_, value)| value)
    }
}

/// Takes from both sides what is known of both.
fn merge(stored: &mut Side<()>, reported: &mut Side<Generation>) -> Vec<Entry> {
    let end = stored.known_to().into_iter().chain(reported.known_to()).min();
    let mut entries = Vec::new();
    loop {
        let next = stored.peek(end).into_iter().chain(reported.peek(end)).min();
        let Some(crash_id) = next else { return entries };
        stored.take(crash_id);
        entries.push(Entry { crash_id, row: reported.take(crash_id) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        Day::from_ymd(2012, 6, 15).unwrap()
    }

    fn id(number: usize) -> CrashId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        CrashId::issue(bytes, 0, day())
    }

    fn page<T: Copy>(all: &[(CrashId, T)], after: Option<CrashId>) -> Vec<(CrashId, T)> {
        let after = |id: &CrashId| after.is_none_or(|after| *id > after);
        all.iter().filter(|(id, _)| after(id)).take(PAGE_CRASHES).copied().collect()
    }

    /// All entries, read in pages as from a store and a database.
    fn merged(stored: &[(CrashId, ())], reported: &[(CrashId, Generation)]) -> Vec<Entry> {
        let (mut left, mut right) = (Side::new(), Side::new());
        let mut all = Vec::new();
        loop {
            if right.needs_more() {
                right.add(page(reported, right.after));
            }
            if left.needs_more() {
                left.add(page(stored, left.after));
            }
            let entries = merge(&mut left, &mut right);
            assert!(entries.len() <= 2 * PAGE_CRASHES);
            if entries.is_empty() {
                return all;
            }
            all.extend(entries);
        }
    }

    #[test]
    fn every_crash_of_either_side_comes_once_with_its_row() {
        for (stored, reported) in [(0, 0), (1, 0), (0, 1), (1000, 1000), (5000, 3), (3, 5000)] {
            for step in [1, 2, 7] {
                let left: Vec<_> = (0..stored).map(|n| (id(n * step), ())).collect();
                let right: Vec<_> = (0..reported).map(|n| (id(n * 3), Generation(9))).collect();
                let mut expected: Vec<CrashId> = left
                    .iter()
                    .map(|(id, ())| *id)
                    .chain(right.iter().map(|(id, _)| *id))
                    .collect();
                expected.sort_unstable();
                expected.dedup();
                let all = merged(&left, &right);
                let ids: Vec<CrashId> = all.iter().map(|entry| entry.crash_id).collect();
                assert_eq!(ids, expected, "{stored} {reported} {step}");
                let rows = all.iter().filter(|entry| entry.row.is_some()).count();
                assert_eq!(rows, reported);
            }
        }
    }
}
