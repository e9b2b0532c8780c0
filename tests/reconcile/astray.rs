//! What is astray between spool, store and queue, made for real: mended, named, or removed if that is
//! asked for, and never while it may be on its way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auxilio_common::{Clock, CrashId, CrashStore, DumpName, RawEnvelope as _, Throttle, Timestamp};
use auxilio_disk_store::{Config, DiskStore};
use auxilio_service::clock::SystemClock;
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::clock::TestRandom;
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::stream::Stream;
use auxilio_tests::{user, wait};
use serde_json::Value;

use super::{PATIENCE, met, reconcile, reconciled};

/// Old enough to be removed.
const OLD: Duration = Duration::from_hours(8 * 24);

/// Every part.
pub(super) const ALL: &str = "spools,queue,indexes,rows,dumps,reports";

/// What a run may only say of what is really astray.
const ASTRAY: [&str; 9] = [
    "indexed",
    "restored",
    "removed",
    "job_alone",
    "unfinished",
    "damaged",
    "processed_alone",
    "unlisted",
    "index_row_alone",
];

pub(super) fn ago(time: Duration) -> Timestamp {
    SystemClock::start().now().minus(time)
}

/// A crash that came some time ago.
pub(super) fn recipe(roles: &Roles, seed: u64, at: Timestamp, throttle: Throttle) -> Recipe {
    let recipe = Recipe::new(at.day().unwrap(), seed).throttle(throttle).submitted_at(at);
    let recipe = recipe.annotation("HangID", "a hang").without_dumps();
    recipe.dump(DumpName::main(), roles.crashes.segv.clone())
}

/// Puts a crash into the spool as a collector does that took it then.
pub(super) fn spool(roles: &Roles, crash: &MemoryEnvelope) {
    let dir = roles.dir.path().join("spool");
    let config = auxilio_spool::Config { dir: dir.clone(), ..Default::default() };
    let random = Arc::new(TestRandom::new(crash.raw_crash().crash_id.salt().into()));
    let spool = Spool::open(config, Arc::new(SystemClock::start()), random).unwrap();
    let mut draft = spool.begin().unwrap();
    for (dump, bytes) in crash.dumps() {
        draft.begin_dump(dump.name.clone()).unwrap();
        draft.write(bytes).unwrap();
        draft.end_dump().unwrap();
    }
    let crash = crash.raw_crash().clone();
    draft.commit(Lane::of(crash.metadata.throttle).unwrap(), crash).unwrap();
    user::give_all(&dir).unwrap();
}

fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SplitMix::new(seed).fill(&mut bytes);
    bytes
}

/// A system's embedded store, with nobody at work in it.
struct Bench {
    roles: Roles,
    store: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let roles = Roles::prepare(&[]).unwrap();
        let store = roles.dir.path().join("store");
        Self { roles, store }
    }

    fn put(&self, seed: u64) -> CrashId {
        let crash = recipe(&self.roles, seed, ago(OLD), Throttle::Accept).envelope();
        let crash_id = crash.raw_crash().crash_id;
        let config = Config { dir: self.store.clone() };
        let store = DiskStore::new(config, Arc::new(TestRandom::new(seed)));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(store.put_raw(Arc::new(crash))).unwrap();
        user::give_all(&self.store).unwrap();
        for file in files(&self.store, crash_id) {
            age(&file, OLD);
        }
        crash_id
    }

    fn lose(&self, folder: &str, crash_id: CrashId) {
        let found = files(&self.store.join(folder), crash_id);
        assert!(!found.is_empty(), "{folder}");
        for file in found {
            std::fs::remove_file(file).unwrap();
        }
    }

    fn run(&self, more: &[&str]) -> Vec<Value> {
        reconciled(&self.roles, ago(OLD).day().unwrap(), more)
    }
}

/// The files below a folder whose names speak of a crash.
fn files(dir: &Path, crash_id: CrashId) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, crash_id));
        } else if path.to_str().unwrap().contains(&crash_id.to_string()) {
            found.push(path);
        }
    }
    found
}

/// Makes a file as old as that. Rows of indexes are names of the same file.
fn age(file: &Path, by: Duration) {
    let file = std::fs::File::options().append(true).open(file).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + since_epoch(ago(by))).unwrap();
}

fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_micros(at.micros().try_into().unwrap())
}

/// How many crashes met each of some fates, by the last line.
pub(super) fn sum(said: &[Value], words: &[&str]) -> Vec<u64> {
    words.iter().map(|word| said.last().unwrap()[word].as_u64().unwrap()).collect()
}

/// What a run said of crashes that are astray.
pub(super) fn astray(said: &[Value]) -> BTreeMap<&str, Vec<CrashId>> {
    let found = ASTRAY.into_iter().map(|word| (word, met(said, word)));
    found.filter(|(_, ids)| !ids.is_empty()).collect()
}

#[test]
fn what_is_astray_on_disk_is_mended_or_named_and_a_second_run_finds_nothing_to_do() {
    let bench = Bench::new();
    let ids: Vec<CrashId> = (1..=8).map(|seed| bench.put(seed)).collect();
    let [_whole, unlisted, hidden, empty, damaged, spooled, young, jobless] = ids[..] else {
        unreachable!("eight")
    };
    bench.lose("submitted", unlisted);
    bench.lose("hangs", unlisted);
    for lost in [hidden, empty, young] {
        bench.lose("crashes", lost);
    }
    // The rows are one file: what is cut in one is cut in all.
    std::fs::write(&files(&bench.store.join("hangs"), empty)[0], "").unwrap();
    age(&files(&bench.store.join("hangs"), empty)[0], OLD);
    age(&files(&bench.store.join("hangs"), young)[0], Duration::ZERO);
    let file = &files(&bench.store.join("crashes"), damaged)[0];
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    age(file, OLD);
    // Its mover died before the rows of the indexes.
    bench.lose("submitted", spooled);
    spool(
        &bench.roles,
        &recipe(&bench.roles, 6, ago(OLD), Throttle::Accept).crash_id(spooled).envelope(),
    );
    let queued = bench.roles.auxilio().args(["reprocess", &jobless.to_string()]).output().unwrap();
    assert!(queued.status.success());
    for folder in ["crashes", "submitted", "hangs", "unprocessed"] {
        bench.lose(folder, jobless);
    }

    let told = bench.run(&["--dry-run", "--only", ALL, "--remove-orphans"]);
    let expected = [
        ("damaged", vec![damaged]),
        ("indexed", vec![unlisted; 2]),
        ("job_alone", vec![jobless]),
        ("removed", vec![empty; 3]),
        // By each of its rows: the real run finds it there again after the first.
        ("restored", vec![hidden; 3]),
    ];
    assert_eq!(astray(&told), BTreeMap::from(expected));

    let done = bench.run(&[]);
    let expected = [
        ("damaged", vec![damaged]),
        ("index_row_alone", vec![empty; 3]),
        ("indexed", vec![unlisted]),
        ("job_alone", vec![jobless]),
        ("restored", vec![hidden]),
    ];
    assert_eq!(astray(&done), BTreeMap::from(expected));
    let words = ["spooled", "spooled_and_stored", "quarantined", "arriving", "waiting"];
    // Arriving: the spooled one's lost row, and three rows of the young one.
    assert_eq!(sum(&done, &words), [1, 1, 0, 4, 4], "{:?}", done.last());
    let left = done.iter().find(|line| line["result"] == "index_row_alone").unwrap();
    assert_eq!(left["index"], "unprocessed");
    assert!(left["age_secs"].as_u64().unwrap() >= OLD.as_secs());
    assert_eq!(met(&done, "queued"), [damaged], "its job will say that it can't be read");

    let removed = bench.run(&["--only", "rows,indexes", "--remove-orphans"]);
    let expected = [("damaged", vec![damaged]), ("removed", vec![empty; 3])];
    assert_eq!(astray(&removed), BTreeMap::from(expected));
    assert_eq!(sum(&removed, &["fine", "waiting", "spooled"]), [0, 0, 0], "only those parts");
    assert_eq!(files(&bench.store, empty), Vec::<PathBuf>::new());
    assert_eq!(files(&bench.store, young).len(), 3, "nobody touched it");
    let again = bench.run(&["--only", ALL, "--remove-orphans"]);
    let expected = [("damaged", vec![damaged]), ("job_alone", vec![jobless])];
    assert_eq!(astray(&again), BTreeMap::from(expected), "these are named, and stay");
    assert_eq!(sum(&again, &["queued", "rebuilt", "updated"]), [0, 0, 0]);

    for bad in [&["--only", "everything"][..], &["--rate", "0"], &["--only", ""]] {
        let arguments = [&["--from", "2026-02-03"], bad].concat();
        assert_eq!(reconcile(&bench.roles, &arguments).status.code(), Some(2), "{bad:?}");
    }
}

#[test]
fn a_run_that_is_killed_is_gone_on_with_by_the_next_one() {
    let bench = Bench::new();
    let mut ids: Vec<CrashId> = (100..140).map(|seed| bench.put(seed)).collect();
    ids.sort_unstable();
    for id in &ids {
        bench.lose("submitted", *id);
    }
    let out = bench.roles.dir.path().join("out");
    let from = ago(OLD).day().unwrap().to_string();
    let mut command = bench.roles.auxilio();
    command.args(["reconcile", "--json", "--only", "rows", "--rate", "10", "--from", &from]);
    command.stdout(std::fs::File::create(&out).unwrap());
    let process = Process::start(&mut command).unwrap();
    let lines = || {
        let text = std::fs::read_to_string(&out).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    wait::until("the first mended crashes", PATIENCE, || (lines().len() >= 7).then_some(()));
    process.kill().unwrap();
    let first = met(&lines(), "indexed");
    assert!(first.len() < ids.len(), "it was too quick to be killed");
    let second = met(&bench.run(&["--only", "rows"]), "indexed");
    // One may have been mended and not yet told.
    assert!(ids.len() - first.len() - second.len() <= 1);
    assert_eq!(sum(&bench.run(&["--only", "rows,indexes"]), &ASTRAY), [0; ASTRAY.len()]);
    let rows = ids.iter().map(|id| files(&bench.store.join("submitted"), *id).len());
    assert_eq!(rows.sum::<usize>(), ids.len());
}

/// Runs over and over while crashes come in, and while old ones are carried as after an outage: those
/// have an age at which they could be taken for orphans. Returns all of them.
pub(super) fn assert_a_stream_is_left_alone(
    roles: &mut Roles,
    seed: u64,
    start_mover: impl FnOnce(&mut Roles),
) -> Vec<CrashId> {
    roles.take("crashmover").unwrap().kill().unwrap();
    let mut ids = Vec::new();
    for number in 0..40 {
        let crash = recipe(roles, seed + number, ago(OLD), Throttle::Accept);
        // So large that it comes in parts.
        let report = DumpName::from_part("memory_report").unwrap();
        let crash = crash.dump(report, noise(number, 700_000)).envelope();
        ids.push(crash.raw_crash().crash_id);
        spool(roles, &crash);
    }
    let pause = Duration::from_millis(20);
    let stream = Stream::start(roles.address("collector"), &roles.crashes, 40, pause);
    start_mover(roles);
    let mut runs = 0;
    while !roles.spooled().is_empty() || stream.acknowledged() < 40 {
        for days in [OLD, Duration::ZERO] {
            let day = ago(days).day().unwrap();
            let to = day.to_string();
            let more = ["--to", &to, "--only", ALL, "--remove-orphans"];
            let said = reconciled(roles, day, &more);
            assert_eq!(astray(&said), BTreeMap::new());
            assert_eq!(met(&said, "row_alone"), []);
        }
        runs += 1;
    }
    assert!(runs > 0);
    ids.extend(stream.finish());
    roles.wait_processed(&ids, PATIENCE);
    let counts = roles.reports().unwrap();
    assert!(ids.iter().all(|id| counts.get(id) == Some(&1)));
    assert_eq!(roles.quarantined(), Vec::<PathBuf>::new());
    // One that is listed before its index row is there may be queued, but never is it run twice.
    let sql = "SELECT count(*), count(DISTINCT uuid) FROM job_outcomes";
    let row = roles.database.client().unwrap().query_one(sql, &[]).unwrap();
    let expected = i64::try_from(ids.len()).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (expected, expected));
    ids
}

#[test]
fn crashes_that_come_in_or_come_late_are_never_taken_for_orphans() {
    let mut roles = Roles::start(&[]).unwrap();
    assert_a_stream_is_left_alone(&mut roles, 1_000, |roles| {
        roles.start_role("crashmover").unwrap();
    });
}
