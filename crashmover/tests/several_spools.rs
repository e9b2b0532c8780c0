//! One crashmover on several spools: free slots, bytes and wanted crashes are shared among them, and a
//! spool whose crashes are stuck leaves the others their slots.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::{CrashId, CrashStore, DumpName, StoreError};
use auxilio_crashmover::{CarriedSpool, Config};
use auxilio_disk_store::DiskStore;
use auxilio_service::client::Client;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::{Lane, Source, Spool};
use auxilio_testkit::interposed_store::{InterposedStore, Interposer, Moment};
use bytes::Bytes;
use support::{carried, crash_id, raw_crash};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The real store, that keeps account of who is put, and lets some wait at a gate.
struct Watched {
    store: DiskStore,
    order: Mutex<Vec<CrashId>>,
    stuck: Vec<CrashId>,
    gate: watch::Receiver<bool>,
    /// Puts under way, and the most there ever were.
    under_way: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Interposer for Watched {
    fn store(&self) -> &dyn CrashStore {
        &self.store
    }

    async fn pass(&self, moment: Moment, crash_id: CrashId) -> Result<(), StoreError> {
        if moment != Moment::PutRaw {
            return Ok(());
        }
        self.order.lock().unwrap().push(crash_id);
        if self.stuck.contains(&crash_id) {
            self.gate.clone().wait_for(|open| *open).await.unwrap();
        }
        let under_way = 1 + self.under_way.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(under_way, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

struct Site {
    dir: TempDir,
    store: Arc<InterposedStore<Watched>>,
    gate: watch::Sender<bool>,
    shutdown: Shutdown,
}

impl Site {
    fn new(stuck: Vec<CrashId>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = auxilio_disk_store::Config { dir: dir.path().join("store") };
        let (gate, open) = watch::channel(false);
        let watched = Watched {
            store: DiskStore::new(config, Arc::new(SystemRandom)),
            order: Mutex::default(),
            stuck,
            gate: open,
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        };
        Self { dir, store: Arc::new(InterposedStore(watched)), gate, shutdown: Shutdown::new() }
    }

    fn spool(&self, name: &str) -> Spool {
        let config =
            auxilio_spool::Config { dir: self.dir.path().join(name), ..Default::default() };
        Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom)).unwrap()
    }

    fn start(&self, spools: &[&Spool], config: Config) -> JoinHandle<()> {
        self.start_on(spools.iter().map(|spool| carried(spool)).collect(), config)
    }

    fn start_on(&self, spools: Vec<CarriedSpool>, config: Config) -> JoinHandle<()> {
        let store = Arc::clone(&self.store) as Arc<dyn CrashStore>;
        let version = Version { version: "0", commit: "0" };
        let shell = Shell::new("crashmover", version, self.shutdown.clone());
        tokio::spawn(async move {
            auxilio_crashmover::run(config, spools, store, shell).await.unwrap();
        })
    }

    async fn stop(&self, movers: Vec<JoinHandle<()>>) {
        self.gate.send(true).unwrap();
        self.shutdown.begin();
        for mover in movers {
            tokio::time::timeout(PATIENCE, mover).await.unwrap().unwrap();
        }
    }
}

fn config() -> Config {
    let admin_address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config { admin_address, ..Config::default() }
}

fn commit(spool: &Spool, number: u64, bytes: usize) {
    let mut draft = spool.begin().unwrap();
    draft.begin_dump(DumpName::main()).unwrap();
    draft.write(&vec![7; bytes]).unwrap();
    draft.end_dump().unwrap();
    draft.commit(Lane::Standard, raw_crash(number, Lane::Standard)).unwrap();
}

fn waiting(spool: &Spool) -> u64 {
    spool.source().depth(Lane::Standard).unwrap().count
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let holding = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, holding).await.is_ok(), "never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_crashes_of_one_spool_do_not_wait_for_the_backlog_of_another() {
    let site = Site::new(Vec::new());
    let (long, short) = (site.spool("long"), site.spool("short"));
    (0..300).for_each(|number| commit(&long, number, 10));
    (1_000..1_010).for_each(|number| commit(&short, number, 10));
    let mover = site.start(&[&long, &short], Config { workers: 4, ..config() });
    until("both are carried", async || waiting(&long) + waiting(&short) == 0).await;
    site.stop(vec![mover]).await;
    let order = site.store.0.order.lock().unwrap().clone();
    let last = (1_000..1_010)
        .map(|number| order.iter().position(|id| *id == crash_id(number)).unwrap())
        .max();
    assert!(last.unwrap() < 60, "the last of ten came as number {last:?} of 310");
    assert_eq!(order.len(), 310);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_whose_crashes_are_stuck_leaves_the_others_a_slot_each() {
    let site = Site::new((0..60).map(crash_id).collect());
    let [stuck, one, other] = ["stuck", "one", "other"].map(|name| site.spool(name));
    (0..60).for_each(|number| commit(&stuck, number, 10));
    let mover = site.start(&[&stuck, &one, &other], Config { workers: 4, ..config() });
    until("it has its share", async || site.store.0.order.lock().unwrap().len() == 2).await;
    for number in 0..20 {
        commit(&one, 1_000 + number, 10);
        commit(&other, 2_000 + number, 10);
    }
    until("the others go on", async || waiting(&one) + waiting(&other) == 0).await;
    assert_eq!(waiting(&stuck), 60);
    site.gate.send(true).unwrap();
    until("it goes on too", async || waiting(&stuck) == 0).await;
    site.stop(vec![mover]).await;
    assert_eq!(site.store.read_index(None, 1_000).await.unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bytes_in_flight_are_shared_and_none_is_too_large_for_good() {
    let site = Site::new(Vec::new());
    let (one, other) = (site.spool("one"), site.spool("other"));
    for number in 0..30 {
        commit(&one, number, 100_000);
        commit(&other, 100 + number, 100_000);
    }
    // Larger than all that may be in flight.
    commit(&other, 200, 500_000);
    let config = Config { bytes_in_flight_max: 350_000, workers: 16, ..config() };
    let mover = site.start(&[&one, &other], config);
    until("all is carried", async || waiting(&one) + waiting(&other) == 0).await;
    site.stop(vec![mover]).await;
    // Three, and one of a spool that had none in hand.
    let most = site.store.0.most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} crashes of 100 kB were under way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_movers_share_several_spools() {
    let site = Site::new(Vec::new());
    let (one, other) = (site.spool("one"), site.spool("other"));
    let movers = (0..3).map(|_| site.start(&[&one, &other], config())).collect();
    for number in 0..100 {
        commit(&one, number, 10);
        commit(&other, 1_000 + number, 10);
    }
    until("all is carried", async || waiting(&one) + waiting(&other) == 0).await;
    site.stop(movers).await;
    assert_eq!(site.store.0.order.lock().unwrap().len(), 200, "each was put once");
    assert_eq!(site.store.read_index(None, 1_000).await.unwrap().len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wanted_crash_is_found_in_whichever_spool_it_is_and_an_absent_spool_is_passed_over() {
    let stuck = (0..60).map(crash_id).collect();
    let site = Site::new(stuck);
    let (one, other) = (site.spool("one"), site.spool("other"));
    for number in 0..30 {
        commit(&one, number, 10);
        commit(&other, 30 + number, 10);
    }
    commit(&other, 7_000, 10);
    let absent = Source::new(site.dir.path().join("absent"), Arc::new(SystemClock::start()));
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let admin_address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let absent = CarriedSpool { name: "absent".to_owned(), source: absent };
    let spools = vec![absent, carried(&one), carried(&other)];
    let mover = site.start_on(spools, Config { admin_address, workers: 2, ..config() });
    let client = Client::new(Duration::from_secs(10), 1 << 20);
    let url = format!("http://{admin_address}/wanted");
    let body = format!("{{\"ids\":[\"{}\",\"{}\"]}}", crash_id(7_777), crash_id(7_000));
    until("it listens", async || {
        let headers = [("content-type", "application/json")];
        let answer = client.post(&url, &headers, Bytes::from(body.clone())).await;
        answer.is_ok_and(|answer| answer.status.as_u16() == 202)
    })
    .await;
    until("it is carried", async || site.store.get_raw(crash_id(7_000)).await.unwrap().is_some())
        .await;
    assert!(!site.dir.path().join("absent").exists(), "nothing is made where it belongs");
    site.stop(vec![mover]).await;
}
