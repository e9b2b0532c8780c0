//! The disk store keeps what every store promises.

use std::sync::{Arc, Mutex};

use auxilio_common::CrashStore;
use auxilio_disk_store::{Config, DiskStore};
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::store_conformance;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_disk_store_keeps_every_promise() {
    let dirs = Mutex::new(Vec::new());
    store_conformance::run_all(async || {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { dir: dir.path().join("store") };
        dirs.lock().unwrap().push(dir);
        Arc::new(DiskStore::new(config, Arc::new(TestRandom::new(1)))) as Arc<dyn CrashStore>
    })
    .await;
}
