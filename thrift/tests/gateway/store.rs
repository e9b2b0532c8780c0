//! The store of crashes keeps what every store promises.

use std::sync::Arc;

use auxilio_common::CrashStore;
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::store_conformance;
use auxilio_thrift::{Family, HbaseStore, TABLES};
use futures::future::join_all;

use crate::support::Bench;

/// Makes the store's tables and the store.
pub(crate) async fn store(bench: &Bench) -> HbaseStore {
    let made = TABLES.map(async |table| {
        let families: Vec<_> = table.families.iter().map(|name| Family::plain(name)).collect();
        bench.client.create_table(table.name, &families).await.unwrap();
    });
    join_all(made).await;
    HbaseStore::new(bench.client.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_hbase_keeps_every_promise() {
    let _hbase = Hbase::shared().unwrap();
    store_conformance::run_all(async || {
        let store = store(&Bench::new()).await;
        Arc::new(store) as Arc<dyn CrashStore>
    })
    .await;
}
