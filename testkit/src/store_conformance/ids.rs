//! Promises about one id that comes more than once, one after another or at once.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use auxilio_common::storage::{IndexEntry, PutRaw};
use auxilio_common::{DumpName, RawCrash, RawEnvelope, Throttle};

use super::Store;
use super::cases::{assert_whole, day, name, noise, put, recipe, time, window};
use crate::raw::MemoryEnvelope;

/// Puts of one crash side by side.
const SIDE_BY_SIDE: u64 = 8;

/// One id, put again with equal and with other content.
pub async fn an_id_belongs_to_the_content_that_came_first(store: Store) {
    let first = recipe(800).throttle(Throttle::Accept).submitted_at(time(1)).without_dumps();
    let first = first.dump(DumpName::main(), noise(801, 150_000));
    let original = Arc::new(supplied(first.clone().envelope()));
    let id = original.raw_crash().crash_id;
    assert_eq!(put(&store, &original).await, PutRaw::Stored);
    assert_eq!(put(&store, &original).await, PutRaw::Stored, "an own earlier try is no conflict");
    let later = Arc::new(supplied(first.clone().received_at(time(60)).envelope()));
    assert_eq!(put(&store, &later).await, PutRaw::Duplicate);
    let others = [
        first.clone().annotation("Another", "word"),
        first.clone().dump(name("one_more"), b"dump".to_vec()),
        first.clone().without_dumps(),
        first.without_dumps().dump(DumpName::main(), noise(802, 150_000)),
    ];
    for other in others {
        let other = Arc::new(supplied(other.received_at(time(61)).envelope()));
        assert_eq!(put(&store, &other).await, PutRaw::IdTaken);
    }
    assert_whole(&store, &original).await;
    let rows = store.read_index(None, 10).await.expect("read_index");
    assert_eq!(rows, [IndexEntry { received_at: time(1), crash_id: id }]);
    assert_eq!(store.list_day(day(), None, 10).await.expect("list_day"), [id]);
    assert_eq!(window(&store, time(0), time(100), None, None, 10).await.len(), 1);
}

/// One crash put by several at once.
pub async fn puts_of_one_crash_side_by_side_store_it_once(store: Store) {
    for seed in 900..905 {
        let crash = recipe(seed).throttle(Throttle::Accept).submitted_at(time(1)).without_dumps();
        let crash = crash.dump(DumpName::main(), noise(seed, 200_000));
        let envelope = Arc::new(supplied(crash.envelope()));
        let puts = (0..SIDE_BY_SIDE).map(|_| spawn_put(&store, &envelope)).collect::<Vec<_>>();
        for put in puts {
            assert_eq!(put.await.expect("the put's task"), PutRaw::Stored);
        }
        assert_whole(&store, &envelope).await;
    }
    assert_eq!(store.list_day(day(), None, 100).await.expect("list_day").len(), 5);
    assert_eq!(store.read_index(None, 100).await.expect("read_index").len(), 5);
}

/// Two crashes with one id put at once: of the one that loses, nothing is written.
pub async fn of_two_crashes_with_one_id_side_by_side_one_is_stored_whole(store: Store) {
    for seed in 920..930 {
        let base = recipe(seed).throttle(Throttle::Accept).submitted_at(time(1)).without_dumps();
        let rivals: Vec<_> = (0..2)
            .map(|rival| {
                let crash = base.clone().annotation("HangID", &format!("{seed} {rival}"));
                let crash = crash.received_at(time(1 + i64::from(rival == 1)));
                let crash = crash.dump(DumpName::main(), noise(seed + rival, 200_000));
                Arc::new(supplied(crash.envelope()))
            })
            .collect();
        let puts: Vec<_> = rivals.iter().map(|envelope| spawn_put(&store, envelope)).collect();
        let mut outcomes = Vec::new();
        for put in puts {
            outcomes.push(put.await.expect("the put's task"));
        }
        let winner = outcomes.iter().position(|outcome| *outcome == PutRaw::Stored);
        let winner = winner.expect("one rival is stored");
        assert_eq!(outcomes[1 - winner], PutRaw::IdTaken, "{outcomes:?}");
        assert_whole(&store, &rivals[winner]).await;
        let id = rivals[winner].raw_crash().crash_id;
        let loser_hang = format!("{seed} {}", 1 - winner);
        let loser_hangs = store.by_hang_id(&loser_hang).await.expect("by_hang_id");
        assert_eq!(loser_hangs, [], "the loser has a row");
        let rows = store.read_index(None, 100).await.expect("read_index");
        let rows: Vec<_> = rows.iter().filter(|row| row.crash_id == id).collect();
        let received_at = rivals[winner].raw_crash().metadata.received_at;
        assert_eq!(rows, [&IndexEntry { received_at, crash_id: id }]);
    }
}

/// An envelope whose id a submitter chose: only such ids can meet.
struct Supplied {
    crash: RawCrash,
    envelope: MemoryEnvelope,
}

fn supplied(envelope: MemoryEnvelope) -> Supplied {
    let mut crash = envelope.raw_crash().clone();
    crash.metadata.id_supplied = true;
    Supplied { crash, envelope }
}

impl RawEnvelope for Supplied {
    fn raw_crash(&self) -> &RawCrash {
        &self.crash
    }

    fn open_dump(&self, name: &DumpName) -> std::io::Result<Option<Box<dyn Read + Send>>> {
        self.envelope.open_dump(name)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

fn spawn_put<E: RawEnvelope + 'static>(
    store: &Store,
    envelope: &Arc<E>,
) -> tokio::task::JoinHandle<PutRaw> {
    let (store, envelope) = (Arc::clone(store), Arc::clone(envelope));
    tokio::spawn(async move { put(&store, &envelope).await })
}
