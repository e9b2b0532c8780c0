//! What the disk store does with its files: links and copies, repair of puts that were cut, and
//! refusal of everything that is not whole.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_common::storage::{ErrorClass, IndexEntry, PutRaw};
use auxilio_common::{
    CrashId, CrashStore, DumpName, Generation, ProcessedCrash, ProcessedDocument,
    ProcessedEnvelope, Quality, RawCrash, RawEnvelope, Throttle, Timestamp,
};
use auxilio_disk_store::{Config, DiskStore, processed};
use auxilio_spool::{Envelope, EnvelopeWriter};
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::raw::Recipe;
use proptest::prelude::*;

fn store_in(dir: &Path) -> DiskStore {
    DiskStore::new(Config { dir: dir.join("store") }, Arc::new(TestRandom::new(7)))
}

/// An accepted crash as a file of the spool's format.
fn spooled(dir: &Path, seed: u64) -> Arc<Envelope> {
    let day = "20121224".parse().unwrap();
    let recipe = Recipe::new(day, seed).throttle(Throttle::Accept).annotation("HangID", "hang");
    let memory = recipe.without_dumps().dump(DumpName::main(), vec![7; 3_000]).envelope();
    let path = dir.join(format!("{seed}.crash"));
    let mut writer = EnvelopeWriter::create(&path, &TestRandom::new(seed)).unwrap();
    for (dump, bytes) in memory.dumps() {
        writer.begin_dump(dump.name.clone()).unwrap();
        writer.write(bytes).unwrap();
        writer.end_dump().unwrap();
    }
    writer.finish(memory.raw_crash().clone()).unwrap();
    Arc::new(Envelope::open(&path).unwrap())
}

async fn put(store: &DiskStore, envelope: &Arc<Envelope>) -> PutRaw {
    store.put_raw(Arc::clone(envelope) as Arc<dyn RawEnvelope>).await.unwrap()
}

/// Every file below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn raw_file(dir: &Path) -> PathBuf {
    let files = files_below(&dir.join("store/crashes"));
    files.into_iter().find(|path| path.extension().is_some_and(|it| it == "crash")).unwrap()
}

fn entry(crash: &RawCrash) -> IndexEntry {
    IndexEntry { received_at: crash.metadata.received_at, crash_id: crash.crash_id }
}

fn document(crash_id: CrashId, text: &str) -> ProcessedDocument {
    let mut crash = ProcessedCrash::default();
    crash.set("signature", Some(text));
    let envelope = ProcessedEnvelope {
        crash_id,
        generation: Generation(1_356_372_000_000),
        quality: Quality::Partial,
        processor: "one".to_owned(),
        started_at: Timestamp::from_micros(1),
        completed_at: Timestamp::from_micros(2),
        failed_rules: Vec::new(),
        notes: Vec::new(),
        history: Vec::new(),
    };
    ProcessedDocument { envelope, crash }
}

#[tokio::test]
async fn a_store_is_there_from_its_first_use_on_and_looking_for_it_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { dir: dir.path().join("store") };
    assert!(!DiskStore::is_there(&config));
    assert!(!config.dir.exists());
    put(&store_in(dir.path()), &spooled(dir.path(), 1)).await;
    assert!(DiskStore::is_there(&config));
    fs::remove_dir_all(config.dir.join("crashes")).unwrap();
    assert!(!DiskStore::is_there(&config), "as where another file system should be mounted");
}

#[tokio::test]
async fn a_spooled_file_of_the_same_file_system_is_linked_and_outlives_its_spool_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let envelope = spooled(dir.path(), 1);
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    let spool_file = envelope.path().unwrap();
    assert_eq!(
        fs::metadata(spool_file).unwrap().ino(),
        fs::metadata(raw_file(dir.path())).unwrap().ino()
    );
    fs::remove_file(spool_file).unwrap();
    let id = envelope.raw_crash().crash_id;
    assert_eq!(store.get_raw(id).await.unwrap().as_ref(), Some(envelope.raw_crash()));
}

#[tokio::test]
async fn a_spooled_file_of_another_file_system_is_copied_byte_for_byte() {
    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    assert_ne!(device(other.path()), device(dir.path()), "the test needs two file systems");
    let store = store_in(dir.path());
    let envelope = spooled(other.path(), 1);
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    let copied = fs::read(raw_file(dir.path())).unwrap();
    assert_eq!(copied, fs::read(envelope.path().unwrap()).unwrap());
    let row = entry(envelope.raw_crash());
    let row = std::slice::from_ref(&row);
    assert_eq!(store.get_index(row).await.unwrap(), row);
}

#[tokio::test]
async fn a_put_that_was_cut_after_the_file_got_its_name_is_completed_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let (whole, cut) = (spooled(dir.path(), 1), spooled(dir.path(), 2));
    put(&store, &whole).await;
    put(&store, &cut).await;
    let id = cut.raw_crash().crash_id.to_string();
    for index in ["unprocessed", "submitted", "hangs"] {
        let rows = files_below(&dir.path().join("store").join(index));
        let row = rows.iter().find(|row| row.to_string_lossy().contains(&id)).unwrap();
        fs::remove_file(row).unwrap();
    }
    assert_eq!(put(&store, &cut).await, PutRaw::Stored);
    assert_eq!(store.read_index(None, 10).await.unwrap().len(), 2);
    assert_eq!(store.by_hang_id("hang").await.unwrap().len(), 2);
    let (from, to) = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
    assert_eq!(store.list_window(from, to, None, None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn empty_minutes_of_the_index_go_and_a_late_crash_makes_its_own_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (store_in(dir.path()), store_in(dir.path()));
    let crashes: Vec<_> = (1..6).map(|seed| spooled(dir.path(), seed)).collect();
    for crash in &crashes {
        put(&store, crash).await;
    }
    let minutes = || {
        let days = fs::read_dir(dir.path().join("store/unprocessed")).unwrap();
        days.map(|day| fs::read_dir(day.unwrap().path()).unwrap().count()).sum::<usize>()
    };
    assert_eq!(minutes(), 5, "the seeds' crashes arrive in different minutes");
    for crash in &crashes {
        store.remove_index(&[entry(crash.raw_crash())]).await.unwrap();
    }
    assert_eq!(other.read_index(None, 10).await.unwrap(), []);
    assert_eq!(minutes(), 1, "the newest stays");
    // The first store knew these folders before the other removed them.
    for crash in &crashes {
        put(&store, crash).await;
    }
    assert_eq!(other.read_index(None, 10).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_store_that_is_not_there_is_trouble_that_passes_and_never_an_absent_crash() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let envelope = spooled(dir.path(), 1);
    put(&store, &envelope).await;
    let id = envelope.raw_crash().crash_id;
    let (there, away) = (dir.path().join("store"), dir.path().join("away"));
    fs::rename(&there, &away).unwrap();
    fs::create_dir(&there).unwrap();
    assert_eq!(store.get_raw(id).await.unwrap_err().class, ErrorClass::Retry);
    assert_eq!(store.exists(id).await.unwrap_err().class, ErrorClass::Retry);
    assert_eq!(store.read_index(None, 1).await.unwrap_err().class, ErrorClass::Retry);
    let put_again = store.put_raw(Arc::clone(&envelope) as Arc<dyn RawEnvelope>).await;
    assert_eq!(put_again.unwrap_err().class, ErrorClass::Retry);
    assert_eq!(store.check().await.unwrap_err().class, ErrorClass::Retry);
    assert_eq!(files_below(&there), Vec::<PathBuf>::new(), "nothing is written beside the store");
    fs::remove_dir(&there).unwrap();
    fs::rename(&away, &there).unwrap();
    store.check().await.unwrap();
    assert!(store.exists(id).await.unwrap().raw);
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
}

#[tokio::test]
async fn every_flipped_byte_and_every_cut_of_a_stored_raw_crash_is_named_and_permanent() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let envelope = spooled(dir.path(), 1);
    put(&store, &envelope).await;
    let id = envelope.raw_crash().crash_id;
    let path = raw_file(dir.path());
    let whole = fs::read(&path).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let assert_refused = async |what: String| {
        let raw = store.get_raw(id).await.map(|_| ());
        let dump = store.open_dump(id, &DumpName::main()).await.map(|_| ());
        let error = raw.and(dump).expect_err(&what);
        assert_eq!(error.class, ErrorClass::Permanent, "{what}");
    };
    // Every seventh place, so that the ends of all parts are met; the spool's tests take each.
    for place in (0..whole.len()).step_by(7) {
        file.write_all_at(&[whole[place] ^ 0x10], place as u64).unwrap();
        assert_refused(format!("byte {place} flipped")).await;
        file.write_all_at(&whole[place..=place], place as u64).unwrap();
    }
    assert!(store.open_dump(id, &DumpName::main()).await.unwrap().is_some());
    for length in (0..whole.len()).rev().step_by(61) {
        file.set_len(length as u64).unwrap();
        assert_refused(format!("cut to {length}")).await;
    }
}

#[tokio::test]
async fn a_damaged_processed_crash_is_an_error_and_a_higher_generation_heals_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let id = spooled(dir.path(), 1).raw_crash().crash_id;
    let mut document = document(id, "first");
    store.put_processed(&document).await.unwrap();
    let files = files_below(&dir.path().join("store/crashes"));
    assert_eq!(files.len(), 1);
    fs::File::options().write(true).open(&files[0]).unwrap().write_all_at(b"!", 80).unwrap();
    assert_eq!(store.get_processed(id).await.unwrap_err().class, ErrorClass::Permanent);
    document.envelope.generation.0 += 1;
    store.put_processed(&document).await.unwrap();
    assert_eq!(store.get_processed(id).await.unwrap(), Some(document));
    assert_eq!(files_below(&dir.path().join("store/crashes")).len(), 1, "the lower one is gone");
}

#[tokio::test]
async fn a_lower_generation_that_a_killed_process_left_is_not_shown_and_goes_with_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_in(dir.path());
    let id = spooled(dir.path(), 1).raw_crash().crash_id;
    let mut document = document(id, "low");
    store.put_processed(&document).await.unwrap();
    let crashes = dir.path().join("store/crashes");
    let low = files_below(&crashes).remove(0);
    let bytes = fs::read(&low).unwrap();
    // A digit more: generations are numbers and not texts.
    document.envelope.generation.0 *= 10;
    store.put_processed(&document).await.unwrap();
    fs::write(&low, bytes).unwrap();
    assert_eq!(store.get_processed(id).await.unwrap().as_ref(), Some(&document));
    let presence = store.exists(id).await.unwrap();
    assert_eq!(presence.processed, Some(document.envelope.generation));
    store.put_processed(&document).await.unwrap();
    assert_eq!(files_below(&crashes).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flipped_byte_and_every_cut_of_a_processed_file_is_rejected(
        text in ".{0,60}",
        flip in 1..=u8::MAX,
        more in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let id = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00121224").unwrap();
        let document = document(id, &text);
        let mut bytes = processed::to_bytes(&document).unwrap();
        prop_assert_eq!(&processed::parse(&bytes).unwrap(), &document);
        for length in 0..bytes.len() {
            prop_assert!(processed::parse(&bytes[..length]).is_err(), "cut to {}", length);
        }
        for place in 0..bytes.len() {
            bytes[place] ^= flip;
            prop_assert!(processed::parse(&bytes).is_err(), "byte {} flipped", place);
            bytes[place] ^= flip;
        }
        bytes.extend(more);
        prop_assert!(processed::parse(&bytes).is_err(), "bytes behind the end");
    }
}
