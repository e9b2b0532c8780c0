//! Files that lack what belongs to them, each lost for real: found, mended, removed, or named.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::audit::{Astray, AuditScope, Index, Mending, Outlook, Stray};
use auxilio_common::{CrashId, CrashStore, Day, DumpName, RawEnvelope, Throttle, Timestamp};
use auxilio_disk_store::{Config, DiskStore};
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::raw::Recipe;

fn day() -> Day {
    "20121224".parse().unwrap()
}

fn noon() -> Timestamp {
    Timestamp::midnight(day()).plus(Duration::from_secs(43_200))
}

/// A store with one crash of each seed, all in one hang.
struct Bench {
    dir: tempfile::TempDir,
    store: DiskStore,
    ids: Vec<CrashId>,
}

impl Bench {
    async fn with(seeds: std::ops::Range<u64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { dir: dir.path().to_owned() };
        let store = DiskStore::new(config, Arc::new(TestRandom::new(1)));
        let mut ids = Vec::new();
        for seed in seeds {
            let crash = Recipe::new(day(), seed).throttle(Throttle::Accept).submitted_at(noon());
            let crash = crash.annotation("HangID", "a hang").without_dumps();
            let crash = crash.dump(DumpName::main(), vec![7; 5_000]).envelope();
            ids.push(crash.raw_crash().crash_id);
            store.put_raw(Arc::new(crash)).await.unwrap();
        }
        ids.sort_unstable();
        Self { dir, store, ids }
    }

    async fn strays(&self, scope: AuditScope) -> Vec<Stray> {
        let (mut strays, mut from) = (Vec::new(), None);
        loop {
            let page = self.store.audit(scope, from, 2).await.unwrap();
            strays.extend(page.strays);
            from = page.next;
            if from.is_none() {
                return strays;
            }
        }
    }

    /// The files below a folder whose names speak of a crash.
    fn files(&self, folder: &str, crash_id: CrashId) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.dir.path().join(folder), &crash_id.to_string(), &mut found);
        found
    }

    fn lose(&self, folder: &str, crash_id: CrashId) {
        let files = self.files(folder, crash_id);
        assert!(!files.is_empty());
        for file in &files {
            fs::remove_file(file).unwrap();
        }
    }

    async fn assert_in_order(&self) {
        for scope in scopes() {
            assert_eq!(self.strays(scope).await, [], "{scope}");
        }
    }
}

fn scopes() -> [AuditScope; 5] {
    [
        AuditScope::Crashes(day()),
        AuditScope::Dumps(day()),
        AuditScope::Submitted(day()),
        AuditScope::Unprocessed,
        AuditScope::Hangs,
    ]
}

fn collect(dir: &Path, text: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text, found);
        } else if path.file_name().unwrap().to_str().unwrap().contains(text) {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn a_crash_that_an_index_lost_gets_its_rows_again_but_not_the_queues() {
    let bench = Bench::with(1..5).await;
    bench.assert_in_order().await;
    bench.lose("submitted", bench.ids[0]);
    bench.lose("hangs", bench.ids[1]);
    bench.lose("unprocessed", bench.ids[2]);
    let found = bench.strays(AuditScope::Crashes(day())).await;
    let unlisted = |place: usize, index| Stray {
        crash_id: bench.ids[place],
        since: noon(),
        what: Astray::Unlisted(index),
    };
    assert_eq!(found, [unlisted(0, Index::Submitted), unlisted(1, Index::Hang)]);
    for stray in &found {
        assert!(!bench.store.remove_stray(stray).await.unwrap());
        assert!(bench.store.is_astray(stray).await.unwrap());
        assert_eq!(bench.store.outlook(stray).await.unwrap(), Outlook::Mendable);
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::Mended);
        assert!(!bench.store.is_astray(stray).await.unwrap());
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::NotAstray);
    }
    bench.assert_in_order().await;
    assert_eq!(bench.store.by_hang_id("a hang").await.unwrap(), bench.ids);
    assert!(bench.files("unprocessed", bench.ids[2]).is_empty());
}

#[tokio::test]
async fn a_crash_whose_file_went_comes_back_from_any_of_its_rows() {
    for kept in ["submitted", "hangs", "unprocessed"] {
        let bench = Bench::with(10..12).await;
        let id = bench.ids[0];
        let folders = ["crashes", "submitted", "hangs", "unprocessed"];
        for folder in folders.into_iter().filter(|folder| *folder != kept) {
            bench.lose(folder, id);
        }
        assert_eq!(bench.store.get_raw(id).await.unwrap(), None);
        let mut found = Vec::new();
        for scope in scopes() {
            found.extend(bench.strays(scope).await);
        }
        let [stray] = &found[..] else { panic!("{kept}: {found:?}") };
        assert!(matches!(stray.what, Astray::RowAlone { .. }));
        assert!(!bench.store.remove_stray(stray).await.unwrap(), "it is all there is of the crash");
        assert!(bench.store.is_astray(stray).await.unwrap());
        assert_eq!(bench.store.outlook(stray).await.unwrap(), Outlook::Mendable);
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::Mended);
        assert!(!bench.store.is_astray(stray).await.unwrap());
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::NotAstray);
        let dump = bench.store.open_dump(id, &DumpName::main()).await.unwrap().unwrap();
        assert_eq!(dump.length, 5_000);
        // What else it lacks is found now.
        for stray in bench.strays(AuditScope::Crashes(day())).await {
            bench.store.mend(&stray).await.unwrap();
        }
        bench.assert_in_order().await;
    }
}

#[tokio::test]
async fn a_row_that_is_a_name_alone_goes_and_one_that_holds_bytes_stays() {
    let bench = Bench::with(20..22).await;
    let (empty, torn) = (bench.ids[0], bench.ids[1]);
    for id in [empty, torn] {
        bench.lose("crashes", id);
        bench.lose("hangs", id);
        bench.lose("unprocessed", id);
        let [row] = &bench.files("submitted", id)[..] else { panic!("one row") };
        let bytes = fs::read(row).unwrap();
        fs::write(row, if id == empty { &[] } else { &bytes[..1_000] }).unwrap();
    }
    let found = bench.strays(AuditScope::Submitted(day())).await;
    assert_eq!(found.len(), 2);
    for stray in &found {
        let is_empty = stray.crash_id == empty;
        let outlook = if is_empty { Outlook::Removable } else { Outlook::Neither };
        assert_eq!(bench.store.outlook(stray).await.unwrap(), outlook);
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::Impossible);
        let is_removed = bench.store.remove_stray(stray).await.unwrap();
        assert_eq!(is_removed, is_empty);
    }
    let left = bench.strays(AuditScope::Submitted(day())).await;
    assert_eq!(left.iter().map(|stray| stray.crash_id).collect::<Vec<_>>(), [torn]);
}

#[tokio::test]
async fn a_damaged_file_is_named_once_and_stays() {
    let bench = Bench::with(30..33).await;
    let (cut, changed) = (bench.ids[0], bench.ids[1]);
    let [file] = &bench.files("crashes", cut)[..] else { panic!("one file") };
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    // A byte of the dump: all else of the file is proven without reading it.
    let [file] = &bench.files("crashes", changed)[..] else { panic!("one file") };
    let mut bytes = fs::read(file).unwrap();
    bytes[1_000] ^= 1;
    fs::write(file, bytes).unwrap();
    for (scope, damaged) in [(AuditScope::Crashes(day()), cut), (AuditScope::Dumps(day()), changed)]
    {
        let found = bench.strays(scope).await;
        let [stray] = &found[..] else { panic!("{scope}: {found:?}") };
        assert_eq!(stray.crash_id, damaged);
        assert!(bench.store.is_astray(stray).await.unwrap());
        assert!(matches!(&stray.what, Astray::Damaged { what } if !what.is_empty()), "{stray:?}");
        assert_eq!(bench.store.outlook(stray).await.unwrap(), Outlook::Neither);
        assert_eq!(bench.store.mend(stray).await.unwrap(), Mending::Impossible);
        assert!(!bench.store.remove_stray(stray).await.unwrap());
    }
    assert_eq!(bench.files("crashes", cut).len() + bench.files("crashes", changed).len(), 2);
}
