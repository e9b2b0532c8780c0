//! Crashes that somebody waits for: carried next, by hands that nothing else keeps busy.
//!
//! Monitors say again and again which crashes the store lacks. Most of them are in another spool,
//! or nowhere; that is no error. What is forgotten here is said again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use auxilio_common::CrashId;
use auxilio_common::limits::{WANTED_BYTES_MAX, WANTED_IDS_MAX};
use auxilio_service::BoxError;
use auxilio_service::metrics::CRASHMOVER_WANTED;
use auxilio_service::worker::Work;
use auxilio_spool::Entry;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::answers::Answers;
use crate::carried::Errand;
use crate::hands::Slot;
use crate::mover::{Load, Mover, Taken};

/// Slots that only wanted crashes get: one that the store is slow with does not hold up the next.
pub(crate) const SLOTS: usize = 2;

/// The body of `POST /wanted`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    ids: Vec<CrashId>,
}

/// Ids that are still to be looked for: each spool has a list of its own, so that one that answers
/// slowly keeps no other from the next.
pub(crate) struct Wanted {
    /// By the spools' numbers.
    lists: Vec<Mutex<Ids>>,
    more: Notify,
    answers: Arc<Answers>,
}

/// Ids, each once, in the order in which they came.
#[derive(Debug, Default)]
struct Ids {
    order: VecDeque<CrashId>,
    known: HashSet<CrashId>,
}

impl Ids {
    fn add(&mut self, id: CrashId) {
        if self.order.len() < WANTED_IDS_MAX && self.known.insert(id) {
            self.order.push_back(id);
        }
    }

    fn next(&mut self) -> Option<CrashId> {
        let id = self.order.pop_front()?;
        self.known.remove(&id);
        Some(id)
    }
}

impl Wanted {
    /// Nothing to look for in so many spools.
    pub(crate) fn new(spools: usize) -> Self {
        let lists = (0..spools).map(|_| Mutex::default()).collect();
        Self { lists, more: Notify::new(), answers: Arc::default() }
    }

    /// Notes ids, as far as there is room.
    pub(crate) fn add(&self, ids: &[CrashId]) {
        for spool in 0..self.lists.len() {
            let mut list = self.list(spool);
            for id in ids {
                list.add(*id);
            }
        }
        self.more.notify_one();
    }

    fn list(&self, spool: usize) -> MutexGuard<'_, Ids> {
        // Every change leaves the list whole, so a panic elsewhere has broken nothing.
        self.lists[spool].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /wanted` takes `{"ids": [...]}` and answers 202, whether the crashes are here or not.
pub(crate) fn router(wanted: Arc<Wanted>) -> Router {
    Router::new()
        .route("/wanted", post(take_ids))
        .layer(DefaultBodyLimit::max(WANTED_BYTES_MAX))
        .with_state(wanted)
}

async fn take_ids(State(wanted): State<Arc<Wanted>>, Json(body): Json<Body>) -> StatusCode {
    wanted.add(&body.ids);
    StatusCode::ACCEPTED
}

/// The loop's view of the mover, for wanted crashes alone.
pub(crate) struct CarryingWanted(pub(crate) Arc<Mover>);

impl Mover {
    /// At most `max` wanted crashes that spools have answered with; those that have ids to look for
    /// are asked. They count towards the bytes in flight, but are not held back by them. Of two
    /// spools with the same crash one finds it stored.
    fn take_wanted(self: &Arc<Self>, max: usize) -> Vec<Load> {
        let came = self.wanted.answers.take(max);
        let free = max - came.len();
        for (spool, carried) in self.spools.iter().enumerate().filter(|_| free > 0) {
            if !carried.rests() && !self.wanted.list(spool).order.is_empty() {
                let mover = Arc::clone(self);
                let work = move || mover.claim_wanted(spool, free);
                self.wanted.answers.expect(carried.ask(Errand::Wanted, work));
            }
        }
        CRASHMOVER_WANTED.add(came.len() as u64, &[]);
        came
    }

    /// Blocks: claims at most `max` of the wanted crashes that wait in one spool.
    fn claim_wanted(&self, spool: usize, max: usize) -> Vec<Load> {
        let source = &self.spools[spool].source;
        let ids = std::iter::from_fn(|| self.wanted.list(spool).next());
        // What can't be read is told by the scans.
        let found = ids.filter_map(|crash_id| source.find(crash_id).ok().flatten());
        found.filter_map(|entry| self.claim_found(spool, &entry)).take(max).collect()
    }

    fn claim_found(&self, spool: usize, entry: &Entry) -> Option<Load> {
        let now = self.shell.clock.monotonic();
        let waiting = self.hands.recall(spool, &entry.path, now).ok()?;
        let again = waiting.is_some();
        let backoff = waiting.map_or_else(|| self.fresh_backoff(), |waiting| waiting.backoff);
        match self.claim(spool, entry, backoff, again, Slot::Wanted) {
            Taken::Load(load) => Some(load),
            Taken::No | Taken::Full => None,
        }
    }
}

#[async_trait]
impl Work for CarryingWanted {
    type Item = Load;

    async fn take(&self, max: usize) -> Result<Vec<Load>, BoxError> {
        Ok(self.0.take_wanted(max))
    }

    async fn run(&self, load: Load) {
        self.0.carry(load).await;
    }

    async fn idle(&self) {
        tokio::select! {
            () = self.0.wanted.more.notified() => {}
            () = self.0.wanted.answers.answered() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> CrashId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        CrashId::issue(bytes, 0, "20121224".parse().unwrap())
    }

    #[test]
    fn ids_are_kept_once_in_their_order_and_no_more_than_fit() {
        let mut ids = Ids::default();
        for number in [2, 1, 2, 1, 3] {
            ids.add(id(number));
        }
        assert_eq!([ids.next(), ids.next()], [Some(id(2)), Some(id(1))]);
        // What was looked for may be wanted again.
        ids.add(id(2));
        assert_eq!([ids.next(), ids.next(), ids.next()], [Some(id(3)), Some(id(2)), None]);
        (0..5_000).for_each(|number| ids.add(id(number)));
        let kept = std::iter::from_fn(|| ids.next()).count();
        assert_eq!(kept, WANTED_IDS_MAX);
    }
}
