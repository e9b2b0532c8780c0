//! The crashmover between a real spool and a real store on local files, with a monitor's ear.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auxilio_common::{CrashStore, DumpName, RawCrash};
use auxilio_crashmover::Config;
use auxilio_disk_store::DiskStore;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version, http};
use auxilio_spool::{Lane, Spool};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use support::{carried, crash_id, raw_crash};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

struct Site {
    dir: TempDir,
    spool: Arc<Spool>,
    store: Arc<dyn CrashStore>,
    shutdown: Shutdown,
}

fn shell(shutdown: &Shutdown) -> Shell {
    Shell::new("crashmover", Version { version: "0", commit: "0" }, shutdown.clone())
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = auxilio_spool::Config { dir: dir.path().join("spool"), ..Default::default() };
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        let config = auxilio_disk_store::Config { dir: dir.path().join("store") };
        Self {
            spool: Arc::new(spool.unwrap()),
            store: Arc::new(DiskStore::new(config, Arc::new(SystemRandom))),
            shutdown: Shutdown::new(),
            dir,
        }
    }

    fn commit(&self, crash: RawCrash, lane: Lane, bytes: usize) -> PathBuf {
        let mut draft = self.spool.begin().unwrap();
        draft.begin_dump(DumpName::main()).unwrap();
        draft.write(&vec![7; bytes]).unwrap();
        draft.end_dump().unwrap();
        draft.commit(lane, crash).unwrap().path
    }

    fn start(&self, monitor_urls: Vec<String>) -> JoinHandle<()> {
        self.start_with(monitor_urls, Config::default().workers)
    }

    fn start_with(&self, monitor_urls: Vec<String>, workers: usize) -> JoinHandle<()> {
        let config = Config {
            workers,
            admin_address: SocketAddr::from(([127, 0, 0, 1], 0)),
            monitor_urls,
            bytes_in_flight_max: 300_000,
            retry_wait_min_ms: 10,
            retry_wait_max_ms: 200,
            ..Config::default()
        };
        let (spools, store) = (vec![carried(&self.spool)], Arc::clone(&self.store));
        let shell = shell(&self.shutdown);
        tokio::spawn(async move {
            auxilio_crashmover::run(config, spools, store, shell).await.unwrap();
        })
    }

    fn waiting(&self) -> u64 {
        Lane::ALL.iter().map(|lane| self.spool.source().depth(*lane).unwrap().count).sum()
    }

    async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let holding = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, holding).await.is_ok(), "never: {what}");
    }

    async fn stop(&self, movers: Vec<JoinHandle<()>>) {
        self.shutdown.begin();
        for mover in movers {
            tokio::time::timeout(PATIENCE, mover).await.unwrap().unwrap();
        }
    }
}

/// A monitor's ear: all hints that came.
async fn listen(shutdown: &Shutdown) -> (String, Arc<Mutex<Vec<Value>>>) {
    let hints: Arc<Mutex<Vec<Value>>> = Arc::default();
    let heard = Arc::clone(&hints);
    let router = Router::new().route(
        "/hint",
        post(|Json(hint): Json<Value>| async move { heard.lock().unwrap().push(hint) }),
    );
    let shell = shell(shutdown);
    let listener = http::listen(SocketAddr::from(([127, 0, 0, 1], 0)), &shell).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { http::serve(listener, router, &shell).await });
    (url, hints)
}

#[tokio::test]
async fn crashes_that_waited_and_crashes_that_come_end_in_the_store_and_leave_the_spool() {
    let site = Site::new();
    for number in 0..40 {
        site.commit(raw_crash(number, Lane::Standard), Lane::Standard, 50_000);
        site.commit(raw_crash(100 + number, Lane::Deferred), Lane::Deferred, 10);
    }
    let mover = site.start(Vec::new());
    site.until("the backlog is carried", || site.waiting() == 0).await;
    // Larger than all that may be in flight: carried alone.
    site.commit(raw_crash(40, Lane::Standard), Lane::Standard, 400_000);
    site.until("a new crash is carried", || site.waiting() == 0).await;
    site.stop(vec![mover]).await;
    let day = "20121224".parse().unwrap();
    assert_eq!(site.store.list_day(day, None, 1_000).await.unwrap().len(), 81);
    let queued = site.store.read_index(None, 1_000).await.unwrap();
    assert_eq!(queued.len(), 41, "only the standard lane is queued");
    for number in (0..41).chain(100..140) {
        let crash = site.store.get_raw(crash_id(number)).await.unwrap().unwrap();
        assert_eq!(crash.annotations["Number"], number.to_string());
        assert!(site.store.open_dump(crash.crash_id, &DumpName::main()).await.unwrap().is_some());
    }
    assert_eq!(site.spool.source().quarantined().unwrap(), 0);
}

#[tokio::test]
async fn monitors_hear_of_every_queued_crash_in_numbered_hints() {
    let site = Site::new();
    let (url, hints) = listen(&site.shutdown).await;
    let (other_url, other_hints) = listen(&site.shutdown).await;
    let mover = site.start(vec![url, "http://127.0.0.1:1".to_owned(), other_url]);
    for number in 0..10 {
        site.commit(raw_crash(number, Lane::Standard), Lane::Standard, 10);
        site.commit(raw_crash(100 + number, Lane::Deferred), Lane::Deferred, 10);
    }
    let told = |hints: &Mutex<Vec<Value>>| -> Vec<String> {
        let hints = hints.lock().unwrap();
        let rows = hints.iter().flat_map(|hint| hint["entries"].as_array().unwrap().clone());
        let mut ids: Vec<_> =
            rows.map(|row| row["crash_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut expected: Vec<_> = (0..10).map(|number| crash_id(number).to_string()).collect();
    expected.sort();
    for hints in [&hints, &other_hints] {
        site.until("all is told", || told(hints).len() >= 10).await;
        assert_eq!(told(hints), expected);
        let hints = hints.lock().unwrap();
        let numbers = hints.iter().map(|hint| hint["number"].as_u64().unwrap());
        assert!(numbers.eq(1..=hints.len() as u64));
        assert_eq!(hints[0]["entries"][0]["received_at"], "2012-12-24T18:00:00.123456+00:00");
    }
    site.stop(vec![mover]).await;
}

#[tokio::test]
async fn damage_and_a_taken_id_end_in_quarantine_and_a_duplicate_just_leaves() {
    let site = Site::new();
    let first = raw_crash(1, Lane::Standard);
    site.commit(first.clone(), Lane::Standard, 100);
    let mover = site.start(Vec::new());
    site.until("the first is carried", || site.waiting() == 0).await;
    let mut duplicate = first.clone();
    duplicate.metadata.received_at = "2012-12-24T18:09:00Z".parse().unwrap();
    site.commit(duplicate, Lane::Standard, 100);
    site.until("the duplicate is carried", || site.waiting() == 0).await;
    assert_eq!(site.spool.source().quarantined().unwrap(), 0);
    let mut other = first.clone();
    other.annotations.insert("Number".to_owned(), "other".to_owned());
    site.commit(other, Lane::Standard, 100);
    site.until("the other is put aside", || site.spool.source().quarantined().unwrap() == 1).await;
    // Damaged where only the dump's checksum tells.
    let staged = tempfile::tempdir_in(site.dir.path()).unwrap();
    let path = site.commit_aside(raw_crash(2, Lane::Standard), staged.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    let into = site.dir.path().join("spool/standard/201212241805");
    fs::create_dir(&into).unwrap();
    fs::write(staged.path().join("damaged"), bytes).unwrap();
    fs::rename(staged.path().join("damaged"), into.join(path.file_name().unwrap())).unwrap();
    site.until("the damaged one is put aside", || site.spool.source().quarantined().unwrap() == 2)
        .await;
    site.stop(vec![mover]).await;
    let kept = site.store.get_raw(crash_id(1)).await.unwrap().unwrap();
    assert_eq!(kept.annotations["Number"], "1");
    assert!(site.store.get_raw(crash_id(2)).await.unwrap().is_none());
    let reasons: Vec<_> = fs::read_dir(site.dir.path().join("spool/quarantine"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "reason"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(reasons.len(), 2);
    assert!(reasons.contains(&"another crash has this id\n".to_owned()), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("upload_file_minidump")), "{reasons:?}");
}

impl Site {
    /// Writes a crash in a spool of its own, out of the mover's sight.
    fn commit_aside(&self, crash: RawCrash, dir: &std::path::Path) -> PathBuf {
        let config = auxilio_spool::Config { dir: dir.join("aside"), ..Default::default() };
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        let aside = Self {
            spool: Arc::new(spool.unwrap()),
            store: Arc::clone(&self.store),
            shutdown: Shutdown::new(),
            dir: tempfile::tempdir().unwrap(),
        };
        aside.commit(crash, Lane::Standard, 1_000)
    }
}

#[tokio::test]
async fn a_store_that_goes_away_and_comes_back_gets_all_of_it() {
    let site = Site::new();
    let (store, away) = (site.dir.path().join("store"), site.dir.path().join("away"));
    let mover = site.start(Vec::new());
    site.commit(raw_crash(0, Lane::Standard), Lane::Standard, 100);
    site.until("the first is carried", || site.waiting() == 0).await;
    fs::rename(&store, &away).unwrap();
    for number in 1..30 {
        site.commit(raw_crash(number, Lane::Standard), Lane::Standard, 100);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(site.waiting(), 29, "nothing may leave the spool meanwhile");
    assert!(!store.exists(), "nothing may be made where the store was");
    fs::rename(&away, &store).unwrap();
    site.until("all is carried", || site.waiting() == 0).await;
    site.stop(vec![mover]).await;
    assert_eq!(site.spool.source().quarantined().unwrap(), 0);
    let day = "20121224".parse().unwrap();
    assert_eq!(site.store.list_day(day, None, 100).await.unwrap().len(), 30);
}

#[tokio::test]
async fn a_crash_that_comes_when_the_store_is_back_need_not_wait_for_all_that_failed() {
    let site = Site::new();
    let (store, away) = (site.dir.path().join("store"), site.dir.path().join("away"));
    // One slot, so that never two come free at once.
    let mover = site.start_with(Vec::new(), 1);
    site.commit(raw_crash(0, Lane::Standard), Lane::Standard, 10);
    site.until("the first is carried", || site.waiting() == 0).await;
    fs::rename(&store, &away).unwrap();
    for number in 1..=300 {
        site.commit(raw_crash(number, Lane::Standard), Lane::Standard, 10);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    fs::rename(&away, &store).unwrap();
    let fresh = site.commit(raw_crash(301, Lane::Standard), Lane::Standard, 10);
    site.until("the new one is carried", || !fresh.exists()).await;
    let left = site.waiting();
    assert!(left > 100, "{left} of 300 were left");
    site.until("all is carried", || site.waiting() == 0).await;
    site.stop(vec![mover]).await;
}

#[tokio::test]
async fn several_movers_share_one_spool() {
    let site = Site::new();
    let movers = (0..3).map(|_| site.start(Vec::new())).collect();
    for number in 0..100 {
        site.commit(raw_crash(number, Lane::Standard), Lane::Standard, 1_000);
    }
    site.until("all is carried", || site.waiting() == 0).await;
    site.stop(movers).await;
    assert_eq!(site.spool.source().quarantined().unwrap(), 0);
    assert_eq!(site.store.read_index(None, 1_000).await.unwrap().len(), 100);
}
