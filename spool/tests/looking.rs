//! What an operator sees of a spool and brings back from its quarantine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_common::Throttle;
use auxilio_spool::files::Kind;
use auxilio_spool::{
    Envelope, Error, Lane, Requeue, Requeued, Source, Spool, SpoolFile, Verdict, durable,
};
use support::{SetClock, add_dump, crash_id, raw_crash, spool_at};

const NOW: &str = "2012-12-24T18:05:00Z";

fn commit(spool: &Spool, lane: Lane, number: u64) -> PathBuf {
    let mut draft = spool.begin().unwrap();
    add_dump(&mut draft, "upload_file_minidump", b"MDMP and more");
    let mut crash = raw_crash(number);
    if lane == Lane::Deferred {
        crash.metadata.throttle = Throttle::Defer;
    }
    draft.commit(lane, crash).unwrap().path
}

fn put_aside(spool: &Spool, number: u64, reason: &str) -> PathBuf {
    let entry = spool.source().find(crash_id(number)).unwrap().unwrap();
    spool.source().claim(&entry).unwrap().unwrap().quarantine(reason).unwrap()
}

fn files(spool: &Spool) -> Vec<SpoolFile> {
    spool.source().files().unwrap().map(Result::unwrap).collect()
}

fn said(file: &SpoolFile) -> Option<String> {
    match file.verify() {
        Verdict::Whole => None,
        Verdict::Gone => Some("gone".to_owned()),
        Verdict::Bad(error) => Some(std::error::Error::source(&error).unwrap().to_string()),
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_file_is_told_for_what_it_is_and_each_damage_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let [good, flipped, cut, named] = [1, 2, 3, 4].map(|n| commit(&spool, Lane::Standard, n));
    let later = commit(&spool, Lane::Deferred, 5);
    commit(&spool, Lane::Standard, 6);
    let aside = put_aside(&spool, 6, "another crash has this id");
    change(&flipped, |bytes| bytes[40] ^= 1);
    change(&cut, |bytes| bytes.truncate(60));
    let other = named.with_file_name(format!("{}.crash", crash_id(44)));
    fs::rename(&named, &other).unwrap();
    let stray = good.with_file_name("lost.crash");
    fs::write(&stray, b"").unwrap();
    let stray_folder = dir.path().join("standard/old");
    fs::create_dir(&stray_folder).unwrap();
    // Its maker was killed before it had its name.
    fs::create_dir(dir.path().join("standard/.201212241805")).unwrap();
    let dead = dir.path().join("tmp/dead/0");
    fs::create_dir(dead.parent().unwrap()).unwrap();
    fs::write(&dead, b"AUXCRASH").unwrap();
    let draft = spool.begin().unwrap();

    let seen = files(&spool);
    let kind = |path: &Path| seen.iter().find(|file| file.path == path).map(|file| file.kind);
    assert_eq!(kind(&good), Some(Kind::Waiting(Lane::Standard, crash_id(1))));
    assert_eq!(kind(&later), Some(Kind::Waiting(Lane::Deferred, crash_id(5))));
    assert_eq!(kind(&aside), Some(Kind::Quarantined(crash_id(6))));
    assert_eq!([kind(&stray), kind(&stray_folder)], [Some(Kind::Stray); 2]);
    assert_eq!(kind(&dead), Some(Kind::Unfinished { writer_lives: false }));
    let living = seen.iter().filter(|file| file.kind == Kind::Unfinished { writer_lives: true });
    assert_eq!(living.count(), 1);
    assert_eq!(seen.len(), 10, "the reason belongs to its crash");

    let file = |path: &Path| seen.iter().find(|file| file.path == path).unwrap();
    assert_eq!(file(&aside).reason().unwrap().as_deref(), Some("another crash has this id"));
    assert_eq!(file(&good).reason().unwrap(), None);
    assert_eq!(file(&good).bytes, fs::metadata(&good).unwrap().len());
    assert_eq!([said(file(&good)), said(file(&later)), said(file(&aside))], [None, None, None]);
    let wrong =
        "the bytes of dump \"upload_file_minidump\" don't have the checksum that the index says";
    assert_eq!(said(file(&flipped)).as_deref(), Some(wrong));
    let short = "the file has 60 bytes, fewer than its header and trailer";
    assert_eq!(said(file(&cut)).as_deref(), Some(short));
    let renamed = format!("the file holds crash {}, not the one of its name", crash_id(4));
    assert_eq!(said(file(&other)), Some(renamed));
    fs::remove_file(&good).unwrap();
    assert_eq!(said(file(&good)).as_deref(), Some("gone"));
    // Nobody was disturbed: the draft's folder is still held, and it still gets its name.
    draft.commit(Lane::Standard, raw_crash(7)).unwrap();
    let instances = || fs::read_dir(dir.path().join("tmp")).unwrap().count();
    let before = instances();
    spool_at(dir.path(), &SetClock::at(NOW));
    assert_eq!(instances() + 1, before, "only the dead one's");
}

#[test]
fn a_crash_comes_back_from_quarantine_into_the_lane_of_its_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1);
    commit(&spool, Lane::Deferred, 2);
    let [one, two] = [1, 2].map(|number| put_aside(&spool, number, "why"));
    // A copy of another host may have nothing but its quarantine and one lane.
    fs::remove_dir_all(dir.path().join("deferred")).unwrap();
    let requeue = Requeue::of(spool.source().clone());
    let quarantined = files(&spool);
    assert_eq!(quarantined.len(), 2);
    for file in &quarantined {
        let Requeued::Back(path) = requeue.put_back(file).unwrap() else { panic!("not back") };
        Envelope::open(&path).unwrap().verify().unwrap();
        assert_eq!(requeue.put_back(file).unwrap(), Requeued::Gone);
    }
    assert!(!one.exists() && !two.exists());
    assert_eq!(fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 0, "no reason stays");
    let entries = spool.source().scan(10, |_| false).unwrap().entries;
    let mut lanes: Vec<_> = entries.iter().map(|entry| (entry.lane, entry.crash_id)).collect();
    lanes.sort_by_key(|(_, crash_id)| crash_id.to_string());
    assert_eq!(lanes, [(Lane::Standard, crash_id(1)), (Lane::Deferred, crash_id(2))]);
    for entry in &entries {
        assert!(spool.source().claim(entry).unwrap().is_some(), "it can be carried at once");
    }
}

#[test]
fn a_damaged_or_held_crash_stays_in_quarantine() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    let path = commit(&spool, Lane::Standard, 1);
    change(&path, |bytes| bytes[40] ^= 1);
    let path = put_aside(&spool, 1, "damaged");
    let requeue = Requeue::of(Source::new(dir.path().to_owned(), clock));
    let file = files(&spool).remove(0);
    let error = requeue.put_back(&file).unwrap_err();
    assert_eq!(error.to_string(), format!("read {}", path.display()));
    assert_eq!(file.reason().unwrap().as_deref(), Some("damaged"));
    change(&path, |bytes| bytes[40] ^= 1);
    let holder = fs::File::open(&path).unwrap();
    holder.lock().unwrap();
    assert_eq!(requeue.put_back(&file).unwrap(), Requeued::Held);
    drop(holder);
    assert!(matches!(requeue.put_back(&file).unwrap(), Requeued::Back(_)));
}

#[test]
fn a_try_judges_as_the_real_run_does_and_moves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir.path(), &clock);
    let requeue = Requeue::of(Source::new(dir.path().to_owned(), clock));
    let mut kept = raw_crash(1);
    for throttle in [Throttle::Accept, Throttle::Discard] {
        kept.metadata.throttle = throttle;
        spool.begin().unwrap().commit(Lane::Standard, kept.clone()).unwrap();
        put_aside(&spool, 1, "why");
    }
    commit(&spool, Lane::Standard, 2);
    let named = put_aside(&spool, 2, "why");
    let other = named.to_str().unwrap().replace(&crash_id(2).to_string(), &crash_id(3).to_string());
    fs::rename(&named, other).unwrap();
    commit(&spool, Lane::Standard, 4);
    let held = fs::File::open(put_aside(&spool, 4, "why")).unwrap();
    held.lock().unwrap();
    let said = |judged: Result<Requeued, Error>| match judged {
        Ok(Requeued::Back(_)) => "back".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(Error::Damaged { source, .. }) => source.to_string(),
        Err(error) => error.to_string(),
    };
    let quarantined = files(&spool);
    let tried: Vec<_> = quarantined.iter().map(|file| said(Requeue::try_out(file))).collect();
    assert_eq!(files(&spool), quarantined);
    let done: Vec<_> = quarantined.iter().map(|file| said(requeue.put_back(file))).collect();
    assert_eq!(tried, done);
    let mut words = done;
    words.sort();
    let no_lane = format!("crash {} is of no lane: its verdict was not to keep it", crash_id(1));
    let renamed = format!("the file holds crash {}, not the one of its name", crash_id(2));
    assert_eq!(words, ["Held".to_owned(), "back".to_owned(), no_lane, renamed]);
}

#[test]
fn a_crash_that_is_back_is_told_to_be_back_though_its_reason_stays() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1);
    let reason = put_aside(&spool, 1, "why").with_extension("reason");
    fs::remove_file(&reason).unwrap();
    fs::create_dir(&reason).unwrap();
    let error = Requeue::of(spool.source().clone()).put_back(&files(&spool)[0]).unwrap_err();
    let Error::HalfBack { back, source } = &error else { panic!("{error:?}") };
    Envelope::open(back).unwrap().verify().unwrap();
    assert!(error.to_string().contains(back.to_str().unwrap()), "{error}");
    assert!(source.to_string().starts_with("remove "), "{source}");
}

#[test]
fn two_crashes_of_one_id_both_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    for reason in ["first", "second"] {
        commit(&spool, Lane::Standard, 1);
        put_aside(&spool, 1, reason);
    }
    let requeue = Requeue::of(spool.source().clone());
    for file in files(&spool) {
        assert!(matches!(requeue.put_back(&file).unwrap(), Requeued::Back(_)));
    }
    let waiting = files(&spool);
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().all(|file| file.kind == Kind::Waiting(Lane::Standard, crash_id(1))));
}

#[test]
fn what_root_makes_in_anothers_spool_belongs_to_its_owner() {
    use std::os::unix::fs::{MetadataExt, chown};
    if !rustix::process::geteuid().is_root() {
        // Only root can make folders for others.
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    commit(&spool, Lane::Standard, 1);
    put_aside(&spool, 1, "why");
    fs::remove_dir_all(dir.path().join("standard/201212241805")).unwrap();
    fs::remove_dir_all(dir.path().join("deferred")).unwrap();
    for path in [dir.path().to_owned(), dir.path().join("standard")] {
        chown(path, Some(1_234), Some(1_235)).unwrap();
    }
    let clock: Arc<SetClock> = SetClock::at(NOW);
    let source = Source::new(dir.path().to_owned(), clock);
    source.make().unwrap();
    Requeue::of(source).put_back(&files(&spool)[0]).unwrap();
    for name in ["standard/201212241805", "deferred"] {
        let folder = fs::metadata(dir.path().join(name)).unwrap();
        assert_eq!((folder.uid(), folder.gid()), (1_234, 1_235), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path().join("standard")).unwrap().count(), 1);
    // Many at once.
    chown(dir.path().join("deferred"), Some(1_234), Some(1_235)).unwrap();
    let parent = dir.path().join("deferred");
    for name in ["one", "two", "three", "four", "five"] {
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| durable::make_folder(&parent, name).unwrap());
            }
        });
        assert_eq!(fs::metadata(parent.join(name)).unwrap().uid(), 1_234);
    }
    assert_eq!(fs::read_dir(&parent).unwrap().count(), 5);
}
