//! The write side: what lasts, what leaves nothing, and where it goes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use auxilio_common::DumpName;
use auxilio_spool::{Config, Envelope, Error, Lane, Source, Spool};
use support::{SetClock, add_dump, crash_id, random, raw_crash, spool_at};

const NOW: &str = "2012-12-24T18:05:59.999999Z";

fn files_below(dir: &Path) -> usize {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[test]
fn a_crash_stands_in_its_lane_under_the_minute_of_the_rename() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    let draft = spool.begin().unwrap();
    clock.advance(Duration::from_micros(1));
    let spooled = draft.commit(Lane::Deferred, raw_crash(1)).unwrap();
    let expected = format!("deferred/201212241806/{}.crash", crash_id(1));
    assert_eq!(spooled.path, dir.path().join(expected));
    assert_eq!(spooled.bytes, fs::metadata(&spooled.path).unwrap().len());
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let mut draft = spool.begin().unwrap();
    add_dump(&mut draft, "upload_file_minidump", &vec![7; 200_000]);
    assert_eq!(files_below(dir.path()), 1);
    drop(draft);
    assert_eq!(files_below(dir.path()), 0);
}

#[test]
fn two_crashes_of_one_id_in_one_minute_are_both_kept() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let paths: HashSet<_> = (0..3)
        .map(|_| spool.begin().unwrap().commit(Lane::Standard, raw_crash(1)).unwrap().path)
        .collect();
    assert_eq!(paths.len(), 3);
    let entries = spool.source().scan(10, |_| false).unwrap().entries;
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| entry.crash_id == crash_id(1)));
}

#[test]
fn a_dump_taken_back_is_not_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let mut draft = spool.begin().unwrap();
    add_dump(&mut draft, "first", b"first");
    draft.begin_dump(DumpName::from_part("wrong").unwrap()).unwrap();
    draft.write(&vec![1; 300_000]).unwrap();
    draft.drop_dump().unwrap();
    add_dump(&mut draft, "second", b"second");
    assert_eq!(draft.dump_bytes(), 11);
    let spooled = draft.commit(Lane::Standard, raw_crash(1)).unwrap();
    let envelope = Envelope::open(&spooled.path).unwrap();
    envelope.verify().unwrap();
    let crash = envelope.into_raw_crash();
    let names: Vec<_> = crash.dumps.iter().map(|dump| dump.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    assert!(spooled.bytes < 10_000);
}

#[test]
fn steps_out_of_order_are_errors_with_names() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let mut draft = spool.begin().unwrap();
    assert!(matches!(draft.write(b"x"), Err(Error::NoDumpBegun)));
    assert!(matches!(draft.end_dump(), Err(Error::NoDumpBegun)));
    add_dump(&mut draft, "one", b"");
    let one = DumpName::from_part("one").unwrap();
    assert!(matches!(draft.begin_dump(one), Err(Error::DumpTwice(_))));
    draft.begin_dump(DumpName::main()).unwrap();
    assert!(matches!(draft.begin_dump(DumpName::main()), Err(Error::DumpNotEnded(_))));
    assert!(matches!(draft.commit(Lane::Standard, raw_crash(1)), Err(Error::DumpNotEnded(_))));
    assert_eq!(files_below(dir.path()), 0);
}

#[test]
fn an_index_that_no_reader_would_take_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let mut crash = raw_crash(1);
    crash.annotations.insert("Notes".to_owned(), "\u{1}".repeat(6 << 20));
    let result = spool.begin().unwrap().commit(Lane::Standard, crash);
    assert!(matches!(result, Err(Error::IndexTooLarge { .. })));
    assert_eq!(files_below(dir.path()), 0);
}

#[test]
fn a_minute_folder_that_a_carrier_removed_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let commit = |number| spool.begin().unwrap().commit(Lane::Standard, raw_crash(number)).unwrap();
    let first = commit(1).path;
    fs::remove_file(&first).unwrap();
    fs::remove_dir(first.parent().unwrap()).unwrap();
    assert!(commit(2).path.is_file());
    // Removed and made by somebody else: the open folder of ours has no name any more.
    let minute = dir.path().join("standard/201212241805");
    fs::rename(&minute, dir.path().join("elsewhere")).unwrap();
    fs::remove_dir_all(dir.path().join("elsewhere")).unwrap();
    fs::create_dir(&minute).unwrap();
    assert!(commit(3).path.is_file());
}

#[test]
fn the_fallback_takes_crashes_while_the_main_folder_cannot_and_each_is_scanned_by_itself() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = SetClock::at(NOW);
    let config = Config {
        dir: dir.path().to_owned(),
        fallback_dir: Some(other.path().to_owned()),
        ..Config::default()
    };
    let spool = Spool::open(config, Arc::<SetClock>::clone(&clock), random()).unwrap();
    let commit =
        |number| spool.begin().unwrap().commit(Lane::Standard, raw_crash(number)).unwrap().path;
    assert!(commit(1).starts_with(dir.path()));
    let tmp = dir.path().join("tmp");
    fs::rename(&tmp, dir.path().join("away")).unwrap();
    assert!(commit(2).starts_with(other.path()));
    fs::rename(dir.path().join("away"), &tmp).unwrap();
    assert!(commit(3).starts_with(other.path()), "the main folder rests for a second");
    clock.advance(Duration::from_secs(2));
    assert!(commit(4).starts_with(dir.path()));
    let fallback = Source::new(other.path().to_owned(), clock);
    let waiting = |source: &Source| source.scan(10, |_| false).unwrap().entries.len();
    assert_eq!((waiting(spool.source()), waiting(&fallback)), (2, 2));
}

#[test]
fn many_writers_side_by_side_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    thread::scope(|scope| {
        for writer in 0..8_u64 {
            let spool = &spool;
            scope.spawn(move || {
                for number in 0..20 {
                    let mut draft = spool.begin().unwrap();
                    add_dump(&mut draft, "upload_file_minidump", &number.to_string().into_bytes());
                    let lane = Lane::ALL[usize::from(number % 2 == 0)];
                    draft.commit(lane, raw_crash(writer * 1_000 + number)).unwrap();
                }
            });
        }
    });
    let entries = spool.source().scan(1_000, |_| false).unwrap().entries;
    assert_eq!(entries.len(), 160);
    for entry in &entries {
        let claim = spool.source().claim(entry).unwrap().unwrap();
        assert_eq!(claim.open_whole().unwrap().into_raw_crash().crash_id, entry.crash_id);
    }
}
