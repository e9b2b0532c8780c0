//! The crashes of the suite, and how it looks at what a store shows.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::{ErrorClass, IndexEntry, PutRaw, StoredDumpBytes, WindowKey};
use auxilio_common::{
    Day, DumpInfo, DumpName, Generation, ProcessedCrash, ProcessedDocument, ProcessedEnvelope,
    Quality, RawCrash, RawEnvelope, Timestamp,
};
use serde_json::json;

use super::Store;
use crate::raw::Recipe;
use crate::splitmix::SplitMix;

pub(super) async fn put<E: RawEnvelope + 'static>(store: &Store, envelope: &Arc<E>) -> PutRaw {
    let mut tries = 0;
    loop {
        let envelope = Arc::clone(envelope) as Arc<dyn RawEnvelope>;
        match store.put_raw(envelope).await {
            // A cluster on a busy machine has moments in which it says so; a mover tries again.
            Err(error) if error.class == ErrorClass::Retry && tries < TRIES => {
                eprintln!("put_raw is tried again: {error:?}");
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            outcome => return outcome.expect("put_raw"),
        }
    }
}

/// Times that a put is tried again.
const TRIES: usize = 5;

/// The store shows all of the crash, and all that it shows is the crash.
pub(super) async fn assert_whole<E: RawEnvelope>(store: &Store, envelope: &Arc<E>) {
    let crash = envelope.raw_crash();
    let id = crash.crash_id;
    let stored = store.get_raw(id).await.expect("get_raw").expect("the crash is there");
    assert_eq!(without_places(stored), without_places(crash.clone()));
    assert!(store.exists(id).await.expect("exists").raw);
    for dump in &crash.dumps {
        let opened = store.open_dump(id, &dump.name).await.expect("open_dump");
        let opened = opened.expect("the dump is there");
        assert_eq!(opened.length, dump.length);
        let mut expected = Vec::new();
        let mut bytes = envelope.open_dump(&dump.name).expect("open").expect("the dump");
        bytes.read_to_end(&mut expected).expect("read the envelope's dump");
        // Not assert_eq: nobody reads the difference of two dumps.
        let same = read(opened.bytes, opened.length) == expected;
        assert!(same, "dump {} of {id} reads back differently", dump.name);
    }
    let absent = store.open_dump(id, &name("never_sent")).await.expect("open_dump");
    assert!(absent.is_none());
}

fn read(bytes: StoredDumpBytes, length: u64) -> Vec<u8> {
    let mut read = Vec::new();
    let result = match bytes {
        StoredDumpBytes::File { path, offset } => {
            let mut file = std::fs::File::open(path).expect("open the stored file");
            file.seek(SeekFrom::Start(offset)).expect("seek to the dump");
            file.take(length).read_to_end(&mut read)
        }
        StoredDumpBytes::Stream(mut stream) => stream.read_to_end(&mut read),
    };
    result.expect("read the stored dump");
    read
}

/// Where a dump's bytes lie is each store's own affair.
fn without_places(mut crash: RawCrash) -> RawCrash {
    crash.dumps.iter_mut().for_each(|dump: &mut DumpInfo| dump.offset = 0);
    crash
}

pub(super) async fn window(
    store: &Store,
    from: Timestamp,
    to: Timestamp,
    product: Option<&str>,
    after: Option<WindowKey>,
    limit: usize,
) -> Vec<WindowKey> {
    store.list_window(from, to, product, after, limit).await.expect("list_window")
}

pub(super) fn index_entry(crash: &RawCrash) -> IndexEntry {
    IndexEntry { received_at: crash.metadata.received_at, crash_id: crash.crash_id }
}

pub(super) fn window_key(crash: &RawCrash) -> WindowKey {
    WindowKey { submitted_at: crash.metadata.submitted_timestamp, crash_id: crash.crash_id }
}

/// The n-th generation that a run of the crash may have.
pub(super) fn generation_of(crash: &RawCrash, number: i64) -> Generation {
    Generation(Generation::floor(crash.metadata.received_at).0 + number)
}

pub(super) fn processed(crash: &RawCrash, number: i64) -> ProcessedDocument {
    let mut processed = ProcessedCrash::default();
    processed.set("uuid", Some(json!(crash.crash_id)));
    processed.set("signature", Some(format!("run {number} | \u{1f4a5}\n")));
    processed.set("json_dump", Some(json!({"threads": [{"frames": []}], "number": number})));
    ProcessedDocument {
        envelope: ProcessedEnvelope {
            crash_id: crash.crash_id,
            generation: generation_of(crash, number),
            quality: Quality::Clean,
            processor: "conformance".to_owned(),
            started_at: crash.metadata.received_at,
            completed_at: crash.metadata.received_at,
            failed_rules: Vec::new(),
            notes: vec![number.to_string()],
            history: Vec::new(),
        },
        crash: processed,
    }
}

/// A crash of the suite's day, none like any other's.
pub(super) fn recipe(seed: u64) -> Recipe {
    recipe_of(day(), seed)
}

/// Without the annotations and ids that a promise sets itself.
pub(super) fn recipe_of(day: Day, seed: u64) -> Recipe {
    Recipe::new(day, 7_000_000 + seed).annotation("HangID", "")
}

pub(super) fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SplitMix::new(seed).fill(&mut bytes);
    bytes
}

pub(super) fn name(text: &str) -> DumpName {
    DumpName::from_part(text).expect("a dump's name")
}

pub(super) fn day() -> Day {
    Day::from_ymd(2012, 12, 24).expect("a day")
}

/// Seconds from a moment of the suite's day.
pub(super) fn time(seconds: i64) -> Timestamp {
    let noon = Timestamp::midnight(day()).micros() + 12 * 3_600 * 1_000_000;
    Timestamp::from_micros(noon + seconds * 1_000_000 + 123)
}
