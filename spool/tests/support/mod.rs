//! A clock that tests set, counted randomness, a crash, and a spool in a folder of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use auxilio_common::{
    Annotations, Clock, CrashId, DumpName, Metadata, Payload, Random, RawCrash, Throttle, Timestamp,
};
use auxilio_spool::{Config, Draft, Spool};

#[derive(Debug)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(text.parse::<Timestamp>().unwrap().micros())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap())
    }
}

/// A mixed counter: never the same bytes twice in one process.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) AtomicU64);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut mixed =
                self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn random() -> Arc<Counted> {
    Arc::new(Counted(AtomicU64::new(1)))
}

pub(crate) fn crash_id(number: u64) -> CrashId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    CrashId::issue(bytes, 0, "20121224".parse().unwrap())
}

pub(crate) fn raw_crash(number: u64) -> RawCrash {
    let at = "2012-12-24T18:00:00.123456Z".parse().unwrap();
    RawCrash {
        crash_id: crash_id(number),
        annotations: Annotations::from([("ProductName".to_owned(), "Demo".to_owned())]),
        metadata: Metadata {
            submitted_timestamp: at,
            received_at: at,
            throttle: Throttle::Accept,
            throttle_rule: "everything".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: 1,
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

pub(crate) fn spool_at(dir: &Path, clock: &Arc<SetClock>) -> Spool {
    let config = Config { dir: dir.to_owned(), ..Config::default() };
    Spool::open(config, Arc::<SetClock>::clone(clock), random()).unwrap()
}

pub(crate) fn add_dump(draft: &mut Draft, name: &str, bytes: &[u8]) {
    draft.begin_dump(DumpName::from_part(name).unwrap()).unwrap();
    for chunk in bytes.chunks(1_000) {
        draft.write(chunk).unwrap();
    }
    draft.end_dump().unwrap();
}
