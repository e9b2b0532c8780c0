//! Counts in a spool: what a kill leaves of them is settled and merged, once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use auxilio_spool::counts::{self, FOUND, NO_PRODUCT, OTHER_PRODUCTS};
use auxilio_spool::{Counts, Event, Lane, Ledger, Source};
use support::SetClock;

fn source(dir: &Path) -> Source {
    let source = Source::new(dir.to_owned(), SetClock::at("2012-12-24T18:05:00Z"));
    source.make().unwrap();
    source
}

fn event(outcome: &str) -> Event {
    Event::new(outcome, Some("Demo"), "rule")
}

/// All counts of a spool together.
fn sum(source: &Source) -> Counts {
    sum_of(slice::from_ref(source))
}

/// All counts of a spool and its fallback together.
fn sum_of(sources: &[Source]) -> Counts {
    let mut sum = Counts::default();
    for reading in counts::read(sources).unwrap() {
        sum.merge(&reading.unwrap().counts);
    }
    sum
}

/// A submission from its head to its end, as a collector does it; `kept` says whether its file lasts.
fn submit(ledger: &Ledger, dir: &Path, number: u64, kept: bool) {
    let (draft, spooled) = (dir.join(format!("draft{number}")), dir.join(number.to_string()));
    let submission = ledger.receive();
    fs::write(&draft, b"crash").unwrap();
    let ticket = ledger.expect(Some(submission), &draft, &event("accepted"));
    if kept {
        fs::rename(&draft, spooled).unwrap();
        ledger.end_submission(Some(ticket), event("accepted"));
    } else {
        fs::remove_file(&draft).unwrap();
        ledger.end_submission(Some(ticket), event("failed"));
    }
}

/// The folder of the one writer in a spool, and its files.
fn writers_folder(spool: &Path) -> (PathBuf, Vec<(PathBuf, Vec<u8>)>) {
    let entries = fs::read_dir(spool.join("counts")).unwrap();
    let folder = entries.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    (folder, files)
}

fn put_back(folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    fs::create_dir(folder).unwrap();
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_killed_writer_lacks_nothing_that_a_file_stands_for() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(dir.path());
    let random = support::random();
    let ledger = Ledger::new(vec![source.clone()], "collector", Arc::clone(&random) as _);
    ledger.flush().unwrap();
    submit(&ledger, dir.path(), 1, true);
    ledger.flush().unwrap();
    // What comes now is told by the journal alone.
    submit(&ledger, dir.path(), 2, true);
    submit(&ledger, dir.path(), 3, false);
    let killed_as_draft = dir.path().join("draft4");
    fs::write(&killed_as_draft, b"crash").unwrap();
    let number = ledger.receive();
    ledger.expect(Some(number), &killed_as_draft, &event("accepted"));
    let killed_when_spooled = dir.path().join("draft5");
    let number = ledger.receive();
    ledger.expect(Some(number), &killed_when_spooled, &event("deferred"));
    // Closed and not flushed, as a kill does it.
    drop(ledger);
    let settled = sum(&source);
    assert_eq!(settled.outcome("accepted"), 2);
    assert_eq!(settled.outcome("deferred"), 1);
    assert_eq!(settled.in_flight, 0);
    assert_eq!(settled.count(|_| true), settled.received);
    // The next start merges what a look has found.
    let next = Ledger::new(vec![source.clone()], "collector", random);
    next.flush().unwrap();
    assert_eq!(sum(&source), settled);
    submit(&next, dir.path(), 6, true);
    next.flush().unwrap();
    assert_eq!(sum(&source).outcome("accepted"), 3);
}

#[test]
fn writers_side_by_side_have_files_of_their_own_and_dead_ones_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(dir.path());
    let random = support::random();
    for round in 0..20 {
        let one = Ledger::new(vec![source.clone()], "collector", Arc::clone(&random) as _);
        let two = Ledger::new(vec![source.clone()], "crashmover", Arc::clone(&random) as _);
        for ledger in [&one, &two] {
            ledger.flush().unwrap();
        }
        submit(&one, dir.path(), round, true);
        let carried = dir.path().join("carried");
        let ticket = two.expect(None, &carried, &event("stored").from_spool("primary"));
        two.end(Some(ticket), event("stored").from_spool("primary"));
        for ledger in [&one, &two] {
            ledger.flush().unwrap();
        }
        let readings = counts::read(slice::from_ref(&source)).unwrap();
        assert_eq!(readings.iter().filter(|it| it.as_ref().unwrap().lives).count(), 2);
        let entries = fs::read_dir(dir.path().join("counts")).unwrap().count();
        assert!(entries <= 4, "{entries} entries in round {round}");
    }
    let sum = sum(&source);
    assert_eq!((sum.received, sum.outcome("accepted"), sum.outcome("stored")), (20, 20, 20));
}

#[test]
fn a_kill_within_a_merge_counts_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(dir.path());
    let random = support::random();
    let ledger = Ledger::new(vec![source.clone()], "collector", Arc::clone(&random) as _);
    ledger.flush().unwrap();
    submit(&ledger, dir.path(), 1, true);
    drop(ledger);
    let (folder, left) = writers_folder(dir.path());
    Ledger::new(vec![source.clone()], "collector", Arc::clone(&random) as _).flush().unwrap();
    assert!(!folder.exists());
    // As if the kill had come before the folder was removed.
    put_back(&folder, &left);
    assert_eq!(sum(&source).outcome("accepted"), 1);
    Ledger::new(vec![source.clone()], "collector", random).flush().unwrap();
    assert_eq!(sum(&source).outcome("accepted"), 1);
    assert!(!folder.exists(), "the merge was finished");
}

#[test]
fn what_a_spool_cant_take_is_counted_in_its_fallback_and_nothing_twice_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let [first, away, second] = ["first", "away", "second"].map(|name| dir.path().join(name));
    let sources = [source(&first), source(&second)];
    let random = support::random();
    let begin = || Ledger::new(sources.to_vec(), "collector", Arc::clone(&random) as _);
    let ledger = begin();
    ledger.flush().unwrap();
    submit(&ledger, &first, 1, true);
    ledger.flush().unwrap();
    submit(&ledger, &first, 2, true);
    // As a disk that is gone with its mount.
    fs::rename(&first, &away).unwrap();
    submit(&ledger, &second, 3, true);
    ledger.flush().unwrap();
    submit(&ledger, &second, 4, true);
    let draft = second.join("draft5");
    fs::write(&draft, b"crash").unwrap();
    ledger.expect(Some(ledger.receive()), &draft, &event("accepted"));
    // A killed one.
    drop(ledger);
    let expect = |when: &str, accepted: u64| {
        let sum = sum_of(&sources);
        assert_eq!(sum.outcome("accepted"), accepted, "{when}");
        assert_eq!(sum.count(|_| true), sum.received, "{when}");
    };
    expect("without the first", 4);
    fs::rename(&away, &first).unwrap();
    expect("with its old page", 4);
    let (old, files) = writers_folder(&first);
    let next = begin();
    next.flush().unwrap();
    expect("merged", 4);
    submit(&next, &first, 6, true);
    next.flush().unwrap();
    drop(next);
    // As if the disk had come back only now, after the counts that replace its page were merged.
    put_back(&old, &files);
    expect("with an old page once more", 5);
    begin().flush().unwrap();
    expect("after another start", 5);
    assert!(!old.exists(), "it was removed");
}

#[test]
fn a_page_that_cant_be_read_is_named_and_the_others_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(dir.path());
    let random = support::random();
    let ledger = Ledger::new(vec![source.clone()], "collector", Arc::clone(&random) as _);
    ledger.flush().unwrap();
    let (folder, _) = writers_folder(dir.path());
    drop(ledger);
    fs::write(folder.join("counts"), b"{\"role\":").unwrap();
    let ledger = Ledger::new(vec![source.clone()], "collector", random);
    ledger.flush().unwrap();
    submit(&ledger, dir.path(), 1, true);
    ledger.flush().unwrap();
    let (good, bad): (Vec<_>, Vec<_>) =
        counts::read(slice::from_ref(&source)).unwrap().into_iter().partition(Result::is_ok);
    assert_eq!(good.into_iter().map(|it| it.unwrap().counts.received).sum::<u64>(), 1);
    let said = bad[0].as_ref().unwrap_err().to_string();
    assert!(said.contains(folder.to_str().unwrap()), "{said}");
}

#[test]
fn products_without_end_go_into_one_bucket() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(dir.path());
    let ledger = Ledger::new(vec![source.clone()], "collector", support::random());
    let long = "x".repeat(65);
    for name in (0..1_000).map(|number| format!("p{number}")).chain([long, String::new()]) {
        ledger.receive();
        ledger.end_submission(None, Event::new("refused", Some(&name), "over_quota"));
    }
    ledger.flush().unwrap();
    let sum = sum(&source);
    assert_eq!(sum.outcome("refused"), 1_002);
    assert!(sum.events.len() <= 202, "{}", sum.events.len());
    assert_eq!(sum.count(|event| event.product == OTHER_PRODUCTS), 801);
    assert_eq!(Event::new("refused", None, "aborted").product, NO_PRODUCT);
}

fn spool_one(dir: &Path, clock: &Arc<SetClock>, number: u64) {
    let draft = support::spool_at(dir, clock).begin();
    draft.unwrap().commit(Lane::Standard, support::raw_crash(number)).unwrap();
}

#[test]
fn what_waited_before_anybody_counted_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    let clock = SetClock::at("2012-12-24T18:05:00Z");
    for (folder, crashes) in [(&first, 2), (&second, 1)] {
        for number in 0..crashes {
            spool_one(folder, &clock, number);
        }
    }
    let sources = [source(&first), source(&second)];
    assert!(counts::read(&sources).unwrap().is_empty());
    let random = support::random();
    for round in 0..3 {
        let ledger = Ledger::new(sources.to_vec(), "collector", Arc::clone(&random) as _);
        ledger.flush().unwrap();
        assert_eq!(sum_of(&sources).outcome(FOUND), 3, "round {round}");
        // Counted by itself.
        spool_one(&first, &clock, 10 + round);
    }
}
