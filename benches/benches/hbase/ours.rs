//! Our client, and the store over it.

use std::sync::Arc;

use auxilio_common::blocking::on_own_thread;
use auxilio_common::storage::StoredDumpBytes;
use auxilio_common::{CrashStore, DumpName, RawEnvelope, Throttle};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};
use auxilio_thrift::{Client, HbaseStore, Put};
use bytes::Bytes;
use futures::future::join_all;
use tokio::runtime::Handle;

use crate::meter::Meter;
use crate::{AT_ONCE, Took, Turn, arrival, columns, key, seed, value};

/// The payload alone, as the plain loop has it.
pub(crate) async fn client(hbase: &Hbase, client: &Client, turn: Turn) -> Took {
    let mut took = Took::default();
    for (place, puts) in [true, false].into_iter().enumerate() {
        // Made beforehand: it is not the client's work.
        let all: Vec<_> =
            (0..AT_ONCE).map(|caller| Bytes::from(value(turn.size, caller as u64))).collect();
        let meter = Meter::begin(hbase);
        let callers = all.into_iter().enumerate().map(|(caller, bytes)| {
            let client = client.clone();
            tokio::spawn(async move {
                for number in 0..turn.count {
                    let row = key("client", turn, caller, number);
                    for (column, part) in columns(turn.size) {
                        if puts {
                            let put = Put::new(column, bytes.slice(part));
                            client.put_row("crash_reports", &row, &[put], 1).await.unwrap();
                        } else {
                            let columns = [column.as_slice()];
                            let found = client.get_row("crash_reports", &row, &columns, part.len());
                            assert!(found.await.unwrap().is_some());
                        }
                    }
                }
            })
        });
        join_all(callers).await.into_iter().for_each(Result::unwrap);
        took[place] = meter.end();
    }
    took
}

/// A whole crash, accepted; then what is known of it, and its dump.
pub(crate) async fn store(hbase: &Hbase, store: &HbaseStore, turn: Turn) -> Took {
    let mut took = Took::default();
    for (place, puts) in [true, false].into_iter().enumerate() {
        // Made beforehand: it is not the store's work.
        let all: Vec<Vec<Arc<_>>> = (0..AT_ONCE)
            .map(|caller| (0..turn.count).map(|number| crash(turn, caller, number)).collect())
            .collect();
        let meter = Meter::begin(hbase);
        let callers = all.into_iter().map(|mine| {
            let store = store.clone();
            // As a role's slot does it: each has a thread of its own.
            let runtime = Handle::current();
            let work = async move {
                for envelope in mine {
                    if puts {
                        store.put_raw(envelope as Arc<dyn RawEnvelope>).await.unwrap();
                    } else {
                        let id = envelope.raw_crash().crash_id;
                        assert!(store.get_raw(id).await.unwrap().is_some());
                        let dump = store.open_dump(id, &DumpName::main()).await.unwrap().unwrap();
                        assert!(matches!(dump.bytes, StoredDumpBytes::Stream(_)));
                        assert_eq!(dump.length, turn.size as u64);
                    }
                }
            };
            tokio::task::spawn_blocking(move || on_own_thread(|| runtime.block_on(work)))
        });
        join_all(callers).await.into_iter().for_each(Result::unwrap);
        took[place] = meter.end();
    }
    took
}

fn crash(turn: Turn, caller: usize, number: usize) -> Arc<MemoryEnvelope> {
    let recipe = Recipe::new("20121224".parse().unwrap(), seed(turn, caller, number));
    let recipe = recipe.throttle(Throttle::Accept).received_at(arrival(turn, caller, number));
    let recipe = recipe.without_dumps();
    Arc::new(recipe.dump(DumpName::main(), value(turn.size, caller as u64)).envelope())
}
