//! Promises about raw crashes and their dumps.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use auxilio_common::storage::{Presence, PutRaw};
use auxilio_common::{DumpName, RawCrash, RawEnvelope};

use super::Store;
use super::cases::{assert_whole, day, name, noise, put, recipe};
use crate::raw::MemoryEnvelope;

/// Sizes at which stores change their ways: empty, one chunk of any kind, more than one, the limit.
const DUMP_SIZES: [usize; 9] = [
    0,
    1,
    99_999,
    100_000,
    100_001,
    1_500_000,
    4 * 1024 * 1024 - 1,
    4 * 1024 * 1024 + 1,
    20 * 1024 * 1024,
];

/// Dumps of each size alone, and several in one crash.
pub async fn a_raw_crash_reads_back_with_dumps_of_every_size(store: Store) {
    let mut envelopes: Vec<_> = (10..)
        .zip(DUMP_SIZES)
        .map(|(seed, size)| {
            let recipe = recipe(seed).without_dumps();
            Arc::new(recipe.dump(DumpName::main(), noise(seed, size)).envelope())
        })
        .collect();
    let several = recipe(30)
        .without_dumps()
        .dump(DumpName::main(), noise(31, 300_000))
        .dump(name("upload_file_minidump_browser"), Vec::new())
        .dump(name("memory_report"), noise(32, 2_000_000));
    envelopes.push(Arc::new(several.envelope()));
    envelopes.push(Arc::new(recipe(33).without_dumps().envelope()));
    for envelope in &envelopes {
        assert_eq!(put(&store, envelope).await, PutRaw::Stored);
    }
    for envelope in &envelopes {
        assert_whole(&store, envelope).await;
    }
}

/// Crashes as they come, odd annotations included.
pub async fn generated_crashes_read_back_equal(store: Store) {
    let envelopes: Vec<_> = (100..140).map(|seed| Arc::new(recipe(seed).envelope())).collect();
    for envelope in &envelopes {
        assert_eq!(put(&store, envelope).await, PutRaw::Stored);
    }
    let long =
        recipe(141).annotation("Long", &"\u{1f4a5}\u{1}".repeat(200_000)).annotation("", "x");
    let long = Arc::new(long.envelope());
    assert_eq!(put(&store, &long).await, PutRaw::Stored);
    for envelope in envelopes.iter().chain([&long]) {
        assert_whole(&store, envelope).await;
    }
}

/// A dump whose bytes are not those of its checksums, with and without a CRC-32.
pub async fn a_dump_that_changed_on_its_way_is_not_stored(store: Store) {
    for crc32 in [None, Some(7)] {
        let honest = recipe(950).without_dumps().dump(DumpName::main(), noise(951, 1_000));
        let honest = honest.envelope();
        let mut crash = honest.raw_crash().clone();
        (crash.dumps[0].sha256, crash.dumps[0].crc32) = ("0".repeat(64), crc32);
        let id = crash.crash_id;
        let forged = Arc::new(Forged { crash, honest });
        assert!(store.put_raw(forged).await.is_err());
        assert_eq!(store.exists(id).await.expect("exists"), Presence::default());
    }
    assert_eq!(store.list_day(day(), None, 10).await.expect("list_day"), []);
    assert_eq!(store.read_index(None, 10).await.expect("read_index"), []);
}

/// An envelope that says something else of its dump than it holds.
struct Forged {
    crash: RawCrash,
    honest: MemoryEnvelope,
}

impl RawEnvelope for Forged {
    fn raw_crash(&self) -> &RawCrash {
        &self.crash
    }

    fn open_dump(&self, name: &DumpName) -> std::io::Result<Option<Box<dyn Read + Send>>> {
        self.honest.open_dump(name)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}
