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

/// Ids that nobody has looked for yet, each once, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    ids: Mutex<Ids>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Ids {
    order: VecDeque<CrashId>,
    known: HashSet<CrashId>,
}

impl Wanted {
    /// Notes ids, as far as there is room.
    pub(crate) fn add(&self, ids: Vec<CrashId>) {
        let mut state = self.lock();
        for id in ids {
            if state.order.len() < WANTED_IDS_MAX && state.known.insert(id) {
                state.order.push_back(id);
            }
        }
        drop(state);
        self.more.notify_one();
    }

    fn next(&self) -> Option<CrashId> {
        let mut state = self.lock();
        let id = state.order.pop_front()?;
        state.known.remove(&id);
        Some(id)
    }

    fn lock(&self) -> MutexGuard<'_, Ids> {
        // Every change leaves the state whole, so a panic elsewhere has broken nothing.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
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
    wanted.add(body.ids);
    StatusCode::ACCEPTED
}

/// The loop's view of the mover, for wanted crashes alone.
pub(crate) struct CarryingWanted(pub(crate) Arc<Mover>);

impl Mover {
    /// Claims at most `max` of the wanted crashes that wait in any of the spools. They count towards
    /// the bytes in flight, but are not held back by them.
    async fn take_wanted(self: &Arc<Self>, max: usize) -> Vec<Load> {
        let mut loads = Vec::new();
        while loads.len() < max {
            let ids: Vec<_> =
                std::iter::from_fn(|| self.wanted.next()).take(max - loads.len()).collect();
            if ids.is_empty() {
                break;
            }
            let mut asked = Vec::new();
            for (spool, carried) in self.spools.iter().enumerate() {
                if !carried.rests() {
                    let (mover, ids) = (Arc::clone(self), ids.clone());
                    asked.extend(
                        carried.ask(Errand::Wanted, move || mover.claim_wanted(spool, &ids)),
                    );
                }
            }
            for question in asked {
                loads.extend(question.answer().await.unwrap_or_default());
            }
        }
        // Of two spools with the same crash the other carries it later.
        loads.truncate(max);
        CRASHMOVER_WANTED.add(loads.len() as u64, &[]);
        loads
    }

    /// Blocks: claims those of the ids that wait in one spool.
    fn claim_wanted(&self, spool: usize, ids: &[CrashId]) -> Vec<Load> {
        let source = &self.spools[spool].source;
        // What can't be read is told by the scans.
        let found = ids.iter().filter_map(|crash_id| source.find(*crash_id).ok().flatten());
        found.filter_map(|entry| self.claim_found(spool, &entry)).collect()
    }

    fn claim_found(&self, spool: usize, entry: &Entry) -> Option<Load> {
        let now = self.shell.clock.monotonic();
        let waiting = self.hands.recall(spool, &entry.path, now).ok()?;
        let again = waiting.is_some();
        let backoff = waiting.map_or_else(|| self.fresh_backoff(), |waiting| waiting.backoff);
        match self.claim(spool, entry, backoff, again, Slot::Wanted) {
            Taken::Load(load) => Some(load),
            Taken::No | Taken::Full(_) => None,
        }
    }
}

#[async_trait]
impl Work for CarryingWanted {
    type Item = Load;

    async fn take(&self, max: usize) -> Result<Vec<Load>, BoxError> {
        Ok(self.0.take_wanted(max).await)
    }

    async fn run(&self, load: Load) {
        self.0.carry(load).await;
    }

    async fn idle(&self) {
        self.0.wanted.more.notified().await;
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
        let wanted = Wanted::default();
        wanted.add(vec![id(2), id(1), id(2)]);
        wanted.add(vec![id(1), id(3)]);
        assert_eq!([wanted.next(), wanted.next()], [Some(id(2)), Some(id(1))]);
        // What was looked for may be wanted again.
        wanted.add(vec![id(2)]);
        assert_eq!([wanted.next(), wanted.next(), wanted.next()], [Some(id(3)), Some(id(2)), None]);
        wanted.add((0..5_000).map(id).collect());
        let kept = std::iter::from_fn(|| wanted.next()).count();
        assert_eq!(kept, WANTED_IDS_MAX);
    }
}
