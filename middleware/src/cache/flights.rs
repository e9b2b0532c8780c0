//! One making for all who ask the same at once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};

use super::key::Key;
use crate::answer::{Answer, Refusal};

type Outcome = Result<Option<Answer>, Refusal>;
type Flight = BoxFuture<'static, Outcome>;

/// Flights that are remembered before those that are over are forgotten.
const SWEEP_ABOVE: usize = 1_024;

/// What is being made. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Flights {
    under_way: Arc<Mutex<HashMap<Key, WeakShared<Flight>>>>,
}

impl Flights {
    /// Waits for the making of this key that is under way, or begins it with `make`.
    ///
    /// It goes on as long as one of those who wait stays.
    pub(super) async fn join(
        &self,
        key: Key,
        make: impl Future<Output = Outcome> + Send + 'static,
    ) -> Outcome {
        let flight = self.flight(key, make);
        let outcome = flight.clone().await;
        drop(flight);
        let mut under_way = self.lock();
        if under_way.get(&key).is_some_and(is_over) {
            under_way.remove(&key);
        }
        outcome
    }

    fn flight(
        &self,
        key: Key,
        make: impl Future<Output = Outcome> + Send + 'static,
    ) -> Shared<Flight> {
        let mut under_way = self.lock();
        if let Some(flight) = under_way.get(&key).and_then(WeakShared::upgrade)
            && flight.peek().is_none()
        {
            return flight;
        }
        // Whoever went away in the middle left an entry behind.
        if under_way.len() >= SWEEP_ABOVE {
            under_way.retain(|_, flight| !is_over(flight));
        }
        let flight = make.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            under_way.insert(key, weak);
        }
        flight
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, WeakShared<Flight>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody waits any more, or the outcome is known.
fn is_over(flight: &WeakShared<Flight>) -> bool {
    flight.upgrade().is_none_or(|flight| flight.peek().is_some())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn all_who_ask_at_once_share_one_making() {
        let (flights, made, go) =
            (Flights::default(), Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
        let ask = |number: u8| {
            let (made, go) = (Arc::clone(&made), Arc::clone(&go));
            flights.join(Key([number; 32]), async move {
                made.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Answer::json(&json!(number)).map(Some)
            })
        };
        let wait = futures::future::join_all((0..20).map(|place| ask(place % 2)));
        let begin = async {
            tokio::task::yield_now().await;
            go.notify_waiters();
        };
        let (answers, ()) = tokio::join!(wait, begin);
        assert_eq!(made.load(Ordering::SeqCst), 2);
        for (place, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.unwrap().unwrap().body, (place % 2).to_string());
        }
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_making_goes_on_when_who_began_it_went_away_and_ends_with_the_last() {
        let flights = Flights::default();
        let go = Arc::<Notify>::default();
        let waits = Arc::clone(&go);
        let mut first = Box::pin(flights.join(Key([1; 32]), async move {
            waits.notified().await;
            Answer::json(&json!("first")).map(Some)
        }));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(flights.join(Key([1; 32]), async { unreachable!() }));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        go.notify_one();
        assert_eq!(second.await.unwrap().unwrap().body, "\"first\"");

        let mut alone = Box::pin(flights.join(Key([1; 32]), futures::future::pending()));
        assert!(futures::poll!(&mut alone).is_pending());
        drop(alone);
        let anew = flights.join(Key([1; 32]), async { Ok(None) });
        assert!(anew.await.unwrap().is_none());
    }
}
