//! The read side: order, claims, removal, quarantine, sweep and wake-up.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auxilio_spool::{Depths, Entry, Error, Lane, Source, Spool, Watch};
use support::{SetClock, crash_id, raw_crash, spool_at};

const NOW: &str = "2012-12-24T18:05:00Z";

/// Commits one crash; `age` seconds old by its file's time.
fn commit(spool: &Spool, lane: Lane, number: u64, age: u64) {
    let path = spool.begin().unwrap().commit(lane, raw_crash(number)).unwrap().path;
    let file = fs::File::options().write(true).open(path).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
    file.set_modified(at).unwrap();
}

fn scan(spool: &Spool, max: usize) -> Vec<Entry> {
    spool.source().scan(max, |_| false).unwrap().entries
}

fn ids(entries: &[Entry]) -> Vec<auxilio_common::CrashId> {
    entries.iter().map(|entry| entry.crash_id).collect()
}

#[test]
fn the_oldest_and_the_newest_standard_come_in_turn_with_a_share_for_the_deferred() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    for number in 0..30 {
        commit(&spool, Lane::Standard, number, 1_000 - number);
        commit(&spool, Lane::Deferred, 100 + number, 1_000 - number);
        clock.advance(Duration::from_secs(20));
    }
    let expected = [0, 29, 1, 28, 2, 27, 3, 26, 100, 25, 4, 24, 5, 23, 6, 22, 7, 21, 101, 20];
    assert_eq!(ids(&scan(&spool, 20)), expected.map(crash_id));
    let all = scan(&spool, 1_000);
    assert_eq!(all.len(), 60);
    assert!(all[40..].iter().all(|entry| entry.lane == Lane::Deferred));
}

#[test]
fn entries_in_hand_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    for number in 0..5 {
        commit(&spool, Lane::Standard, number, 100 - number);
    }
    let first = scan(&spool, 1).remove(0);
    let rest = spool.source().scan(10, |path| path == first.path).unwrap().entries;
    assert_eq!(rest.len(), 4);
    assert!(!rest.contains(&first));
}

#[test]
fn a_crash_is_in_one_carriers_hands_until_it_is_removed_and_then_in_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) =
        (spool_at(dir.path(), &SetClock::at(NOW)), spool_at(dir.path(), &SetClock::at(NOW)));
    commit(&one, Lane::Standard, 1, 0);
    let entry = scan(&one, 1).remove(0);
    let claim = one.source().claim(&entry).unwrap().unwrap();
    assert!(other.source().claim(&entry).unwrap().is_none());
    // The envelope alone keeps the lock: work that was given up on may still read it.
    let envelope = claim.open_whole().unwrap();
    drop(claim);
    assert!(other.source().claim(&entry).unwrap().is_none());
    drop(envelope);
    other.source().claim(&entry).unwrap().unwrap().remove().unwrap();
    assert!(one.source().claim(&entry).unwrap().is_none());
    assert!(scan(&one, 1).is_empty());
}

#[test]
fn a_file_that_was_replaced_behind_its_path_is_not_claimed_by_its_old_lock() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1, 0);
    let entry = scan(&spool, 1).remove(0);
    let claim = spool.source().claim(&entry).unwrap().unwrap();
    fs::rename(&entry.path, dir.path().join("elsewhere")).unwrap();
    commit(&spool, Lane::Standard, 1, 0);
    // The path names another file now; its claim does not collide with the one that we hold.
    assert!(spool.source().claim(&entry).unwrap().is_some());
    drop(claim);
}

#[test]
fn a_damaged_file_goes_to_quarantine_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1, 0);
    let entry = scan(&spool, 1).remove(0);
    fs::File::options().write(true).open(&entry.path).unwrap().set_len(50).unwrap();
    let claim = spool.source().claim(&entry).unwrap().unwrap();
    let Err(Error::Damaged { source, .. }) = claim.open_whole() else { panic!("it was whole") };
    assert!(source.is_damage());
    let moved = claim.quarantine(&source.to_string()).unwrap();
    assert_eq!(fs::metadata(&moved).unwrap().len(), 50);
    let reason = fs::read_to_string(moved.with_extension("reason")).unwrap();
    assert_eq!(reason, "the file has 50 bytes, fewer than its header and trailer\n");
    assert!(scan(&spool, 1).is_empty());
    assert_eq!(spool.source().quarantined().unwrap(), 1);
}

#[test]
fn empty_folders_go_when_they_are_older_than_five_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    for number in 0..3 {
        commit(&spool, Lane::Standard, number, 0);
        clock.advance(Duration::from_mins(1));
    }
    let entries = scan(&spool, 3);
    let emptied = entries.iter().filter(|entry| entry.crash_id != crash_id(1));
    emptied.for_each(|entry| spool.source().claim(entry).unwrap().unwrap().remove().unwrap());
    clock.advance(Duration::from_mins(3));
    assert_eq!(spool.source().remove_old_folders().unwrap(), 1);
    clock.advance(Duration::from_hours(1));
    assert_eq!(spool.source().remove_old_folders().unwrap(), 1);
    assert_eq!(ids(&scan(&spool, 3)), [crash_id(1)]);
}

#[test]
fn what_is_odd_in_a_lane_keeps_nothing_else_from_being_read_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    let [standard, deferred] = ["standard", "deferred"].map(|lane| dir.path().join(lane));
    // Oldest first: each stands before what shall go.
    let odd = standard.join("201212230000");
    fs::write(&odd, b"no folder").unwrap();
    for old in ["201212230001", "201212230002", ".201212230003"] {
        fs::create_dir(standard.join(old)).unwrap();
    }
    fs::write(standard.join("201212230001/odd"), b"nobody's").unwrap();
    fs::create_dir(standard.join(".201212241805")).unwrap();
    commit(&spool, Lane::Standard, 1, 0);
    let found = spool.source().scan(10, |_| false).unwrap();
    assert_eq!(found.unreadable.unwrap().to_string(), format!("list {}", odd.display()));
    assert_eq!(ids(&found.entries), [crash_id(1)]);
    let error = spool.source().remove_old_folders().unwrap_err();
    assert_eq!(error.to_string(), format!("remove {}", odd.display()));
    let mut left: Vec<_> = fs::read_dir(&standard).unwrap().map(|it| it.unwrap().path()).collect();
    left.sort();
    let kept = [".201212241805", "201212230000", "201212230001", "201212241805"];
    assert_eq!(left, kept.map(|name| standard.join(name)));
    // A whole lane that can't be listed.
    fs::remove_dir_all(&standard).unwrap();
    fs::write(&standard, b"no folder").unwrap();
    fs::create_dir(deferred.join("201212230000")).unwrap();
    let error = spool.source().remove_old_folders().unwrap_err();
    assert!(error.to_string().ends_with("/standard"), "{error}");
    assert_eq!(fs::read_dir(&deferred).unwrap().count(), 0);
}

#[test]
fn the_sweep_touches_only_folders_whose_process_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let living = spool_at(dir.path(), &SetClock::at(NOW));
    let draft = living.begin().unwrap();
    let dead = dir.path().join("tmp/dead");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("0"), b"half a crash").unwrap();
    spool_at(dir.path(), &SetClock::at(NOW));
    assert!(!dead.exists());
    draft.commit(Lane::Standard, raw_crash(1)).unwrap();
    drop(living);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn depth_counts_a_lane_and_knows_its_oldest() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    for number in 0..4 {
        commit(&spool, Lane::Standard, number, number);
    }
    let depth = spool.source().depth(Lane::Standard).unwrap();
    assert_eq!((depth.count, depth.oldest.unwrap().seconds()), (4, 999_997));
    assert_eq!(spool.source().depth(Lane::Deferred).unwrap().count, 0);
}

#[tokio::test]
async fn a_carrier_that_sleeps_wakes_when_the_crash_can_be_claimed() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = Arc::new(spool_at(dir.path(), &clock));
    let mut watch = Watch::begin(spool.source()).unwrap();
    for number in 0..20 {
        let writer = Arc::clone(&spool);
        let written = tokio::task::spawn_blocking(move || {
            writer.begin().unwrap().commit(Lane::Standard, raw_crash(number)).unwrap();
        });
        let carried = async {
            loop {
                let arrived = tokio::time::timeout(Duration::from_secs(30), watch.arrived());
                arrived.await.unwrap().unwrap();
                let entries = scan(&spool, 1);
                let claim = entries.first().and_then(|entry| spool.source().claim(entry).unwrap());
                if let Some(claim) = claim {
                    break claim.remove().unwrap();
                }
            }
        };
        tokio::join!(carried, async { written.await.unwrap() });
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!(files(&dir.path().join("standard")), 0);
}

fn files(lane: &Path) -> usize {
    fs::read_dir(lane)
        .unwrap()
        .map(|minute| fs::read_dir(minute.unwrap().path()).unwrap().count())
        .sum()
}

#[test]
fn a_crash_is_found_by_its_id_in_either_lane_and_only_where_it_waits() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    for number in 0..6 {
        let lane = if number % 2 == 0 { Lane::Standard } else { Lane::Deferred };
        commit(&spool, lane, number, 0);
        clock.advance(Duration::from_mins(1));
    }
    for entry in scan(&spool, 10) {
        assert_eq!(spool.source().find(entry.crash_id).unwrap(), Some(entry.clone()));
        spool.source().claim(&entry).unwrap().unwrap().remove().unwrap();
        assert_eq!(spool.source().find(entry.crash_id).unwrap(), None);
    }
    assert_eq!(spool.source().find(crash_id(99)).unwrap(), None);
}

#[test]
fn a_spool_that_is_absent_empty_or_partly_unreadable_says_so_and_gives_what_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let source = Source::new(dir.path().join("spool"), Arc::<SetClock>::clone(&clock));
    let said = |source: &Source| source.check_writable().unwrap_err().to_string();
    assert_eq!(said(&source), format!("open the spool {}", source.dir().display()));
    // As a mount point is whose disk is away.
    fs::create_dir(source.dir()).unwrap();
    assert!(said(&source).ends_with("is no spool: it has neither a folder standard nor deferred"));
    let spool = spool_at(source.dir(), &clock);
    source.check_writable().unwrap();
    for number in 0..3 {
        commit(&spool, Lane::Standard, number, 100 - number);
        clock.advance(Duration::from_mins(1));
    }
    // Nothing can be listed here.
    let minute = source.dir().join("standard/201212241806");
    fs::rename(&minute, dir.path().join("away")).unwrap();
    fs::write(&minute, b"").unwrap();
    let found = source.scan(10, |_| false).unwrap();
    assert_eq!(ids(&found.entries), [crash_id(0), crash_id(2)]);
    let trouble = found.unreadable.unwrap().to_string();
    assert_eq!(trouble, format!("list {}", minute.display()));
    assert_eq!(source.depth(Lane::Standard).unwrap().count, 2);
    fs::remove_file(&minute).unwrap();
    fs::rename(dir.path().join("away"), &minute).unwrap();
    let found = source.scan(10, |_| false).unwrap();
    assert!(found.unreadable.is_none() && found.entries.len() == 3);
    // A copy may lack a lane and the quarantine; a crash of it can be put aside all the same.
    for folder in ["deferred", "quarantine", "tmp"] {
        fs::remove_dir_all(source.dir().join(folder)).unwrap();
    }
    source.check_writable().unwrap();
    let claim = source.claim(&found.entries[0]).unwrap().unwrap();
    claim.quarantine("why").unwrap();
    assert_eq!((source.quarantined().unwrap(), scan(&spool, 10).len()), (1, 2));
}

#[test]
fn what_is_no_plain_file_is_not_carried() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1, 0);
    let entry = scan(&spool, 1).remove(0);
    let beside = |number| entry.path.with_file_name(format!("{}.crash", crash_id(number)));
    std::os::unix::fs::symlink(&entry.path, beside(2)).unwrap();
    // To open it would wait for a writer that never comes.
    rustix::fs::mkfifoat(rustix::fs::CWD, beside(3), rustix::fs::Mode::RUSR).unwrap();
    fs::create_dir(beside(4)).unwrap();
    assert_eq!(scan(&spool, 10), [entry]);
    assert_eq!(spool.source().find(crash_id(3)).unwrap(), None);
}

#[test]
fn a_minute_that_has_not_changed_is_not_looked_into_again() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at("2100-01-01T00:00:00Z");
    let spool = spool_at(dir.path(), &clock);
    let (source, mut depths) = (spool.source(), Depths::default());
    let mut last = None;
    for number in 0..30 {
        commit(&spool, Lane::Standard, number, 100 - number);
        let entry = scan(&spool, 100).into_iter().find(|it| it.crash_id == crash_id(number));
        let path = entry.unwrap().path;
        // Each change at another tick of the file system's clock, long ago.
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000 + number);
        fs::File::open(path.parent().unwrap()).unwrap().set_modified(at).unwrap();
        last = Some(path);
        let depth = depths.lane(source, Lane::Standard).unwrap();
        assert_eq!(depth, source.depth(Lane::Standard).unwrap());
        assert_eq!(depth.count, number + 1);
        clock.advance(Duration::from_secs(20));
    }
    let known = depths.lane(source, Lane::Standard).unwrap();
    // No rename: its folder does not change.
    fs::write(last.as_ref().unwrap(), b"other bytes").unwrap();
    assert_eq!(depths.lane(source, Lane::Standard).unwrap(), known);
    assert_ne!(source.depth(Lane::Standard).unwrap(), known);
    fs::remove_file(last.unwrap()).unwrap();
    let depth = depths.lane(source, Lane::Standard).unwrap();
    assert_eq!((depth, depth.count), (source.depth(Lane::Standard).unwrap(), 29));
}
