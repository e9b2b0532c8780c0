//! Crashes for the tests of the store, and the rows where they lie.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::PutRaw;
use auxilio_common::{CrashId, CrashStore, Day, RawEnvelope, Throttle, Timestamp};
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};
use auxilio_testkit::splitmix::SplitMix;
use auxilio_thrift::HbaseStore;

pub(crate) const CRASHES: &str = "crash_reports";

pub(crate) fn day() -> Day {
    "20121224".parse().unwrap()
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::midnight(day()).plus(Duration::from_secs(43_200))
}

pub(crate) fn recipe(seed: u64) -> Recipe {
    Recipe::new(day(), seed).throttle(Throttle::Accept).submitted_at(noon()).without_dumps()
}

pub(crate) fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SplitMix::new(seed).fill(&mut bytes);
    bytes
}

/// The key of a crash's row.
pub(crate) fn key(crash_id: CrashId) -> Vec<u8> {
    let id = crash_id.to_string();
    format!("{}121224{id}", &id[..1]).into_bytes()
}

pub(crate) async fn put(store: &HbaseStore, envelope: &Arc<MemoryEnvelope>) -> PutRaw {
    store.put_raw(Arc::clone(envelope) as Arc<dyn RawEnvelope>).await.unwrap()
}
