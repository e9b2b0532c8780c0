//! Who has an id that submitters chose, when the answer to the claim is lost.

use std::sync::Arc;

use auxilio_common::storage::{ErrorClass, PutRaw};
use auxilio_common::{CrashStore, Day, DumpName, RawEnvelope};
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};
use auxilio_thrift::HbaseStore;

use crate::crashes::{CRASHES, key};
use crate::store::store;
use crate::support::{Bench, connect};
use crate::tamper::{Fault, Tamper, Way};

fn day() -> Day {
    "20121224".parse().unwrap()
}

/// A crash under an id that its submitter chose, and another one under the same id.
fn rivals(seed: u64) -> [Arc<MemoryEnvelope>; 2] {
    let recipe = Recipe::new(day(), seed).without_dumps().supplied_id();
    let first = recipe.clone().dump(DumpName::main(), vec![1; 5_000]).envelope();
    let second = recipe.dump(DumpName::main(), vec![2; 5_000]).envelope();
    [Arc::new(first), Arc::new(second)]
}

async fn put(store: &HbaseStore, envelope: &Arc<MemoryEnvelope>) -> PutRaw {
    store.put_raw(Arc::clone(envelope) as Arc<dyn RawEnvelope>).await.unwrap()
}

/// The first byte of the dump that the store has.
async fn dump(store: &HbaseStore, envelope: &MemoryEnvelope) -> u8 {
    let crash_id = envelope.raw_crash().crash_id;
    let raw = store.get_raw(crash_id).await.unwrap().unwrap();
    assert_eq!(raw.dumps, envelope.raw_crash().dumps);
    let dump = store.open_dump(crash_id, &DumpName::main()).await.unwrap().unwrap();
    let auxilio_common::storage::StoredDumpBytes::Stream(mut stream) = dump.bytes else {
        panic!("a stream")
    };
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    first[0]
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_ones_own_and_nobody_elses() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let tamper = Tamper::start(bench.hbase.gateways()[0]);
    let mut config = bench.config.clone();
    config.gateways = vec![tamper.address().to_string()];
    let (client, _) = connect(&config);
    let harmed = HbaseStore::new(client);
    // The connection is there before the first harm.
    harmed.exists(rivals(9_999)[0].raw_crash().crash_id).await.unwrap();
    let mut lost = 0;
    for at in (0..150).step_by(2) {
        let [first, second] = rivals(at as u64);
        // Somewhere in the answers to a put: all calls but the claim are made again by themselves.
        tamper.arm(Way::ToClient, at, Fault::Cut);
        let envelope = Arc::clone(&first) as Arc<dyn RawEnvelope>;
        let made = harmed.put_raw(envelope).await;
        assert!(tamper.disarm(), "byte {at} never came");
        match made {
            Ok(outcome) => assert_eq!(outcome, PutRaw::Stored, "{at}"),
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Unknown, "{error:?}");
                assert!(format!("{error:?}").contains("checkAndPut"), "{error:?}");
                lost += 1;
            }
        }
        // Whoever comes second finds the claim, also if nothing but the claim is there yet.
        if at % 4 == 0 {
            assert_eq!(put(&store, &second).await, PutRaw::IdTaken, "{at}");
        }
        assert_eq!(put(&harmed, &first).await, PutRaw::Stored, "{at}");
        assert_eq!(put(&store, &second).await, PutRaw::IdTaken, "{at}");
        assert_eq!(dump(&store, &first).await, 1, "{at}");
    }
    assert!(lost > 10, "the answer to the claim was lost {lost} times");
}

#[tokio::test]
async fn a_crash_with_an_id_that_we_issued_does_not_overwrite_one_that_was_supplied_with_it() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let [supplied, _] = rivals(20_000);
    let later = supplied.raw_crash().metadata.received_at.plus(std::time::Duration::from_secs(60));
    let issued = Recipe::new(day(), 20_000).without_dumps().received_at(later);
    let issued = Arc::new(issued.dump(DumpName::main(), vec![3; 5_000]).envelope());
    assert_eq!(issued.raw_crash().crash_id, supplied.raw_crash().crash_id);
    assert!(!issued.raw_crash().metadata.id_supplied);
    assert_eq!(put(&store, &supplied).await, PutRaw::Stored);
    assert_eq!(put(&store, &issued).await, PutRaw::IdTaken);
    assert_eq!(dump(&store, &supplied).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_submissions_that_race_for_one_id_the_loser_writes_nothing() {
    let bench = Bench::new();
    let stores = [store(&bench).await, HbaseStore::new(connect(&bench.config).0)].map(Arc::new);
    for seed in 30_000..30_040 {
        let base = Recipe::new(day(), seed).without_dumps().supplied_id();
        let rivals = [0_u8, 1].map(|rival| {
            let crash = base.clone().annotation("HangID", &format!("{seed} {rival}"));
            let later = base.clone().envelope().raw_crash().metadata.received_at;
            let crash = crash.received_at(later.plus(std::time::Duration::from_secs(rival.into())));
            Arc::new(crash.dump(DumpName::main(), vec![1 + rival; 5_000]).envelope())
        });
        let puts = [0, 1].map(|rival| {
            let (store, envelope) = (Arc::clone(&stores[rival]), Arc::clone(&rivals[rival]));
            tokio::spawn(async move { put(&store, &envelope).await })
        });
        let [first, second] = puts;
        let outcomes = [first.await.unwrap(), second.await.unwrap()];
        let winner = usize::from(outcomes[1] == PutRaw::Stored);
        assert_eq!(outcomes[winner], PutRaw::Stored, "{outcomes:?}");
        assert_eq!(outcomes[1 - winner], PutRaw::IdTaken);
        let crash = rivals[winner].raw_crash();
        assert_eq!(dump(&stores[0], &rivals[winner]).await, 1 + u8::from(winner == 1));
        // All but the claim has the time of the winner's arrival.
        let row = bench.client.get_row(CRASHES, &key(crash.crash_id), &[], 1 << 20).await;
        let cells = row.unwrap().unwrap().cells;
        let at = crash.metadata.received_at.millis();
        let others = cells.iter().filter(|(_, cell)| cell.timestamp != at);
        let others: Vec<_> = others.map(|(column, _)| column.as_slice()).collect();
        assert_eq!(others, [b"ids:claim"]);
        let hang = stores[0].by_hang_id(&format!("{seed} {}", 1 - winner)).await.unwrap();
        assert_eq!(hang, [], "the loser has a row");
    }
}
