//! A collector whose disk is full, read-only, out of inodes, not its own or gone: every client is told to
//! keep its crash and come again, nothing acknowledged is lost, and all is well once the disk is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, CrashId};
use auxilio_service::clock::SystemClock;
use auxilio_spool::{Counts, Source, counts};
use auxilio_tests::collector::Collector;
use auxilio_tests::disk::Disk;
use auxilio_tests::http::{self, Answer};
use auxilio_tests::{crashes, wait};

const DISK_BYTES: u64 = 24 << 20;

/// More posts than any of these disks has room for.
const POSTS_MAX: usize = 2_000;

/// Time within which a healed disk takes crashes again.
const HEALED: Duration = Duration::from_secs(30);

static DUMP: [u8; 50_000] = [7; 50_000];

/// A collector on a disk of its own.
struct Site {
    disk: Disk,
    collector: Collector,
    acknowledged: Vec<CrashId>,
}

impl Site {
    fn start(options: &[&str], more: &str) -> Option<Self> {
        let disk = Disk::make(DISK_BYTES, options).unwrap()?;
        let collector = Collector::start_under(&[], &disk.path().join("spool"), more).unwrap();
        let mut site = Self { disk, collector, acknowledged: Vec::new() };
        assert_eq!(site.post().status, 200, "{}", site.collector.log_text());
        Some(site)
    }

    fn spool(&self) -> PathBuf {
        self.disk.path().join("spool")
    }

    fn post(&mut self) -> Answer {
        let fields = [("ProductName", "Demo"), ("Version", "1.0")];
        let (boundary, body) = crashes::form(&fields, Some(&DUMP));
        let answer = http::submit(self.collector.address, &boundary, "", &body).unwrap();
        if let Some(id) = answer.text().trim_end().strip_prefix("CrashID=bp-") {
            self.acknowledged.push(id.parse().unwrap());
        }
        answer
    }

    /// Posts until the disk takes no more; answers what the client was told.
    fn refused(&mut self) -> Answer {
        let refused = (0..POSTS_MAX).map(|_| self.post()).find(|answer| answer.status != 200);
        refused.unwrap_or_else(|| panic!("the fault was not felt"))
    }

    fn expect_refusals(&mut self) {
        for _ in 0..3 {
            let answer = self.refused();
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert_eq!(answer.text(), "Discarded=spool_failed");
            let head = answer.head.to_ascii_lowercase();
            assert!(head.contains("retry-after: "), "{head}");
        }
    }

    fn expect_healed(mut self) -> Self {
        wait::until("a healed disk", HEALED, || (self.post().status == 200).then_some(()));
        self.check_spools(&[self.spool()]);
        self
    }

    /// All that was acknowledged is in one of the spools and whole; nothing unfinished is left.
    fn check_spools(&self, spools: &[PathBuf]) {
        let sources: Vec<_> = spools
            .iter()
            .map(|spool| Source::new(spool.clone(), Arc::new(SystemClock::start())))
            .collect();
        for id in &self.acknowledged {
            let found =
                sources.iter().find_map(|source| Some((source, source.find(*id).unwrap()?)));
            let (source, entry) = found.unwrap_or_else(|| panic!("{id} is lost"));
            source.claim(&entry).unwrap().unwrap().open_whole().unwrap();
        }
        for spool in spools {
            assert_eq!(files_below(&spool.join("tmp")), Vec::<PathBuf>::new(), "unfinished files");
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// Sets or takes away a flag of a folder and all in it.
fn chattr(flag: &str, folder: &Path) {
    let status = Command::new("chattr").args(["-R", flag]).arg(folder).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room() {
    let Some(mut site) = Site::start(&["-m", "0"], "") else { return };
    let filler = site.disk.path().join("filler");
    let mut file = File::create(&filler).unwrap();
    let full = io::copy(&mut io::repeat(1), &mut file).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    site.expect_refusals();
    file.set_len(1 << 20).unwrap();
    drop(file);
    // A little room: the last crash that fits is whole, the first that does not is refused.
    site.expect_refusals();
    assert!(site.acknowledged.len() > 2, "nothing fitted");
    fs::remove_file(filler).unwrap();
    site.expect_healed();
}

#[test]
fn a_disk_without_inodes_refuses_and_takes_again_when_there_are_some() {
    let Some(mut site) = Site::start(&["-N", "300"], "") else { return };
    let folder = site.disk.path().join("filler");
    fs::create_dir(&folder).unwrap();
    let full = (0..).find_map(|number| File::create(folder.join(format!("{number}"))).err());
    assert_eq!(full.unwrap().kind(), io::ErrorKind::StorageFull);
    site.expect_refusals();
    fs::remove_dir_all(folder).unwrap();
    site.expect_healed();
}

#[test]
fn a_read_only_disk_refuses_and_has_all_that_was_acknowledged_when_it_is_mounted_again() {
    let Some(mut site) = Site::start(&[], "") else { return };
    site.disk.turn_read_only().unwrap();
    site.expect_refusals();
    let Site { disk, collector, acknowledged } = site;
    collector.process.kill().unwrap();
    disk.unmount();
    disk.mount().unwrap();
    let collector = Collector::start(&disk.path().join("spool")).unwrap();
    Site { disk, collector, acknowledged }.expect_healed();
}

#[test]
fn folders_of_somebody_else_refuse_and_take_again_when_they_are_given_back() {
    let Some(mut site) = Site::start(&[], "") else { return };
    let all = ["standard", "tmp"].map(|folder| site.spool().join(folder));
    let set = |mode: u32| {
        for folder in &all {
            for entry in fs::read_dir(folder).unwrap() {
                let mode = Permissions::from_mode(mode);
                fs::set_permissions(entry.unwrap().path(), mode).unwrap();
            }
            fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o500);
    site.expect_refusals();
    set(0o755);
    site.expect_healed();
}

#[test]
fn folders_that_may_not_change_refuse_and_take_again_when_they_may() {
    let Some(mut site) = Site::start(&[], "") else { return };
    let lane = site.spool().join("standard");
    chattr("+i", &lane);
    site.expect_refusals();
    chattr("-i", &lane);
    site.expect_healed();
}

#[test]
fn while_the_first_spool_can_not_be_written_the_fallback_takes_every_crash() {
    let elsewhere = tempfile::Builder::new().prefix("auxilio-test-").tempdir().unwrap();
    auxilio_tests::user::give(elsewhere.path()).unwrap();
    let fallback = elsewhere.path().join("fallback");
    let more = format!("fallback_dir = \"{}\"", fallback.display());
    let Some(mut site) = Site::start(&[], &more) else { return };
    let all = ["standard", "tmp"].map(|folder| site.spool().join(folder));
    for folder in &all {
        chattr("+i", folder);
    }
    let before = site.acknowledged.len();
    wait::until("a fallback that takes over", HEALED, || (site.post().status == 200).then_some(()));
    for _ in 0..20 {
        let answer = site.post();
        // One a second tries the first disk again, and its client is told to come again.
        assert!(answer.status == 200 || answer.text() == "Discarded=spool_failed");
    }
    assert!(site.acknowledged.len() >= before + 15, "the fallback refused");
    let taken = Source::new(fallback.clone(), Arc::new(SystemClock::start()));
    assert!(taken.find(site.acknowledged[before]).unwrap().is_some(), "not in the fallback");
    for folder in &all {
        chattr("-i", folder);
    }
    let first = Source::new(site.spool(), Arc::new(SystemClock::start()));
    wait::until("the first spool in use again", HEALED, || {
        site.post();
        first.find(*site.acknowledged.last().unwrap()).unwrap()
    });
    site.check_spools(&[site.spool(), fallback]);
}

/// What is counted in some spools together.
fn counted(spools: &[PathBuf]) -> Counts {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let sources: Vec<_> =
        spools.iter().map(|spool| Source::new(spool.clone(), Arc::clone(&clock))).collect();
    let mut sum = Counts::default();
    for reading in counts::read(&sources).unwrap() {
        sum.merge(&reading.unwrap().counts);
    }
    sum
}

#[test]
fn what_came_while_the_first_disk_was_read_only_is_counted_once_after_a_kill_too() {
    let elsewhere = tempfile::Builder::new().prefix("auxilio-test-").tempdir().unwrap();
    auxilio_tests::user::give(elsewhere.path()).unwrap();
    let fallback = elsewhere.path().join("fallback");
    let more = format!("fallback_dir = \"{}\"", fallback.display());
    let Some(mut site) = Site::start(&[], &more) else { return };
    let spools = [site.spool(), fallback.clone()];
    site.disk.turn_read_only().unwrap();
    wait::until("a fallback that takes over", HEALED, || (site.post().status == 200).then_some(()));
    wait::until("counts in the fallback", HEALED, || {
        let pages = fs::read_dir(fallback.join("counts")).ok()?;
        let mut pages = pages.map(|page| page.unwrap().path());
        pages.find(|page| page.join("counts").exists())
    });
    // Of these only the journal tells.
    let taken = (0..20).filter(|_| site.post().status == 200).count();
    assert!(taken >= 15, "the fallback refused");
    let Site { disk, collector, acknowledged } = site;
    collector.process.kill().unwrap();
    let expect = |when: &str, acknowledged: &[CrashId]| {
        let sum = counted(&spools);
        assert_eq!(sum.outcome("accepted"), acknowledged.len() as u64, "{when}: {sum:?}");
        assert_eq!(sum.received, sum.in_flight + sum.count(|_| true), "{when}: {sum:?}");
    };
    expect("with the first read-only", &acknowledged);
    // It starts on such a disk, too, and takes crashes.
    let collector = Collector::start_under(&[], &spools[0], &more).unwrap();
    let mut site = Site { disk, collector, acknowledged };
    wait::until("a fallback at a start", HEALED, || (site.post().status == 200).then_some(()));
    let Site { disk, collector, acknowledged } = site;
    collector.process.kill().unwrap();
    expect("after a start on the read-only one", &acknowledged);
    disk.unmount();
    disk.mount().unwrap();
    expect("with the first back", &acknowledged);
    let collector = Collector::start_under(&[], &spools[0], &more).unwrap();
    expect("after a start", &acknowledged);
    let mut site = Site { disk, collector, acknowledged: acknowledged.clone() };
    assert_eq!(site.post().status, 200);
    wait::until("a count of it", HEALED, || {
        (counted(&spools).received > acknowledged.len() as u64).then_some(())
    });
    site.check_spools(&spools);
}

#[test]
fn when_the_first_disk_fails_for_good_the_fallback_takes_over() {
    let elsewhere = tempfile::Builder::new().prefix("auxilio-test-").tempdir().unwrap();
    auxilio_tests::user::give(elsewhere.path()).unwrap();
    let fallback = elsewhere.path().join("fallback");
    let more = format!("fallback_dir = \"{}\"", fallback.display());
    let Some(mut site) = Site::start(&[], &more) else { return };
    let any_file = site.disk.path().join("any");
    File::create(&any_file).unwrap().write_all(b"x").unwrap();
    site.disk.cut(&any_file).unwrap();
    let before = site.acknowledged.len();
    wait::until("a fallback that takes over", HEALED, || (site.post().status == 200).then_some(()));
    let Site { disk, collector, acknowledged } = site;
    collector.process.kill().unwrap();
    disk.unmount();
    disk.mount().unwrap();
    let [first, second] = [disk.path().join("spool"), fallback]
        .map(|spool| Source::new(spool, Arc::new(SystemClock::start())));
    for id in &acknowledged[..before] {
        assert!(first.find(*id).unwrap().is_some(), "{id} is lost");
    }
    for id in &acknowledged[before..] {
        assert!(second.find(*id).unwrap().is_some(), "{id} is lost");
    }
}
