//! Taking, with spools that are slow and room that is scarce.

use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};

use auxilio_common::{Clock, DumpName, RawEnvelope, Timestamp};
use auxilio_disk_store::DiskStore;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shutdown, Version};
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::raw::Recipe;
use tempfile::TempDir;
use tokio::time::{Instant, timeout_at};

use super::*;
use crate::CarriedSpool;
use crate::hint::hints;
use crate::wanted::CarryingWanted;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A clock that keeps whoever asks it on a thread for blocking work waiting, as a slow disk does.
#[derive(Debug)]
struct SlowDisk {
    clock: SystemClock,
    quick: ThreadId,
    is_slow: Mutex<bool>,
    over: Condvar,
}

impl SlowDisk {
    fn new() -> Arc<Self> {
        let (clock, quick) = (SystemClock::start(), thread::current().id());
        Arc::new(Self { clock, quick, is_slow: Mutex::new(true), over: Condvar::new() })
    }

    fn answer(&self) {
        *self.is_slow.lock().unwrap() = false;
        self.over.notify_all();
    }
}

impl Clock for SlowDisk {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        if thread::current().id() != self.quick {
            let slow = self.is_slow.lock().unwrap();
            let (slow, waited) =
                self.over.wait_timeout_while(slow, PATIENCE, |slow| *slow).unwrap();
            drop(slow);
            assert!(!waited.timed_out(), "nothing went on beside the slow spool");
        }
        self.clock.monotonic()
    }
}

struct Site {
    dir: TempDir,
    spools: Vec<Arc<Carried>>,
}

impl Site {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), spools: Vec::new() }
    }

    /// One more spool with some crashes, whose carrier has a clock of its own.
    fn add(&mut self, seeds: std::ops::Range<u64>, clock: Option<Arc<dyn Clock>>) -> Vec<Entry> {
        let dir = self.dir.path().join(self.spools.len().to_string());
        let config = auxilio_spool::Config { dir, ..Default::default() };
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        let spool = spool.unwrap();
        for seed in seeds {
            let crash = Recipe::new("20241224".parse().unwrap(), seed).without_dumps().envelope();
            let mut draft = spool.begin().unwrap();
            draft.begin_dump(DumpName::main()).unwrap();
            draft.write(&[7; 1_000]).unwrap();
            draft.end_dump().unwrap();
            draft.commit(Lane::Standard, crash.raw_crash().clone()).unwrap();
        }
        let mut shell = shell();
        shell.clock = clock.unwrap_or(shell.clock);
        let name = self.spools.len().to_string();
        let carried = CarriedSpool { name, source: spool.source().clone() };
        self.spools.push(Arc::new(Carried::new(carried, Duration::from_secs(1), shell)));
        spool.source().scan(1_000, |_| false).unwrap().entries
    }

    fn mover(&self, config: Config) -> Arc<Mover> {
        let store = auxilio_disk_store::Config { dir: self.dir.path().join("store") };
        let store = Arc::new(DiskStore::new(store, Arc::new(SystemRandom)));
        let (hints, _) = hints(&[], &SystemRandom);
        let (shell, first) = (shell(), self.spools[0].source.clone());
        let ledger = Arc::new(Ledger::new(vec![first], shell.role, Arc::clone(&shell.random)));
        Arc::new(Mover::new(config, self.spools.clone(), store, ledger, shell, hints))
    }
}

fn shell() -> Shell {
    Shell::new("crashmover", Version { version: "0", commit: "0" }, Shutdown::new())
}

/// Takes as the loop does until there is something.
async fn take_some(work: &impl Work<Item = Load>) -> Vec<Load> {
    loop {
        let loads = work.take(2).await.unwrap();
        if !loads.is_empty() {
            return loads;
        }
        work.idle().await;
    }
}

// With a time that stands still while anybody works: no answer comes too late.
#[tokio::test(start_paused = true)]
async fn a_spool_that_answers_slowly_holds_up_no_other() {
    let disk = SlowDisk::new();
    let mut site = Site::new();
    site.add(0..4, Some(Arc::clone(&disk) as Arc<dyn Clock>));
    site.add(10..20, None);
    let mover = site.mover(Config { workers: 4, ..Config::default() });
    let carrying = Carrying(Arc::clone(&mover));
    let mut taken = 0;
    while taken < 10 {
        let loads = take_some(&carrying).await;
        assert!(loads.iter().all(|load| load.held.spool() == 1));
        taken += loads.len();
        for load in loads {
            mover.carry(load).await;
        }
    }
    assert_eq!(mover.spools[0].trouble(), None, "it has time left to answer");
    disk.answer();
    let late = take_some(&carrying).await;
    assert!(late.iter().all(|load| load.held.spool() == 0));
}

#[tokio::test(start_paused = true)]
async fn a_spool_that_looks_slowly_for_wanted_crashes_holds_up_no_other() {
    let disk = SlowDisk::new();
    let mut site = Site::new();
    let slow = site.add(0..1, None);
    let quick = site.add(10..13, None);
    let mover = site.mover(Config::default());
    // The slow one has its hands full with another errand of the kind.
    let clock = Arc::clone(&disk);
    let busy = mover.spools[0].ask(Errand::Wanted, move || clock.monotonic());
    let ids: Vec<_> = slow.iter().chain(&quick).map(|entry| entry.crash_id).collect();
    mover.wanted.add(&ids);
    let work = CarryingWanted(Arc::clone(&mover));
    let mut taken = Vec::new();
    while taken.len() < quick.len() {
        taken.extend(take_some(&work).await);
    }
    assert!(taken.iter().all(|load| load.held.spool() == 1));
    disk.answer();
    busy.unwrap().answer().await.unwrap();
    let late = take_some(&work).await;
    assert_eq!((late.len(), late[0].claim.entry()), (1, &slow[0]));
}

#[tokio::test(start_paused = true)]
async fn while_there_is_no_room_nobody_is_woken_for_crashes_that_are_due() {
    let mut site = Site::new();
    let entries = site.add(0..50, None);
    let config = Config { bytes_in_flight_max: 1, retry_wait_min_ms: 0, ..Config::default() };
    let mover = site.mover(config);
    for entry in &entries {
        mover.try_again(0, entry, mover.fresh_backoff(), "no store".to_owned());
    }
    let carrying = Carrying(Arc::clone(&mover));
    let first = take_some(&carrying).await;
    assert_eq!(first.len(), 1);
    let (until, mut turns) = (Instant::now() + Duration::from_secs(60), 0);
    while turns < 100 && timeout_at(until, carrying.idle()).await.is_ok() {
        assert!(carrying.take(4).await.unwrap().is_empty());
        turns += 1;
    }
    assert!(turns < 10, "{turns} turns for nothing");
    drop(first);
    assert_eq!(take_some(&carrying).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_can_not_be_opened_are_counted_and_stop_no_other() {
    /// More than may wait for the store.
    const UNOPENED: usize = 1_500;
    let mut site = Site::new();
    let entries = site.add(0..3, None);
    let mover = site.mover(Config::default());
    // A link to itself: root can't open what is behind it either.
    let behind = site.dir.path().join("link");
    std::os::unix::fs::symlink(&behind, &behind).unwrap();
    for number in 0..UNOPENED {
        let path = behind.join(format!("{number}.crash"));
        let entry = Entry { path, ..entries[0].clone() };
        let taken = mover.claim(0, &entry, mover.fresh_backoff(), false, Slot::Shared);
        assert!(matches!(taken, Taken::No));
    }
    let (count, why) = mover.hands.unopened(0).unwrap();
    assert_eq!(count, UNOPENED);
    assert!(why.contains("symbolic links"), "{why}");
    let carrying = Carrying(Arc::clone(&mover));
    let mut taken = 0;
    while taken < entries.len() {
        taken += take_some(&carrying).await.len();
    }
}
