//! The store of crashes keeps what every store promises.

use std::sync::Arc;

use auxilio_common::CrashStore;
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::store_conformance;
use auxilio_thrift::HbaseStore;

use crate::support::Bench;

/// Makes the store's tables and the store.
pub(crate) async fn store(bench: &Bench) -> HbaseStore {
    let store = HbaseStore::new(bench.client.clone());
    store.make_missing_tables().await.unwrap();
    store
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
