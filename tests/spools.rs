//! One crashmover on several spools: its machine's own, a fallback on another disk, and one that
//! came from a machine that died. It is killed while it drains them, and each of them is taken away
//! and made unreadable in turn.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::roles::{self, Roles};
use auxilio_tests::{backlog, http, user, wait};
use serde_json::Value;

/// Crashes in each spool.
const CRASHES: usize = 400;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A whole system whose crashmover, the only role that is started later, carries three spools.
struct Site {
    roles: Roles,
    primary: PathBuf,
    fallback: PathBuf,
    dead: PathBuf,
}

impl Site {
    fn new() -> Self {
        let roles = Roles::prepare(&[]).unwrap();
        let dir = roles.dir.path();
        let [primary, fallback, dead] = ["spool", "other/spool", "dead"].map(|name| dir.join(name));
        fs::create_dir(dir.join("other")).unwrap();
        user::give(&dir.join("other")).unwrap();
        let config = fs::read_to_string(roles.config_file()).unwrap();
        let more = [
            ("[spool]\n", format!("fallback_dir = \"{}\"\n", fallback.display())),
            ("[crashmover]\n", format!("further_spools = [\"{}\"]\n", dead.display())),
        ];
        let config = more.iter().fold(config, |config, (section, key)| {
            assert!(config.contains(section));
            config.replace(section, &format!("{section}{key}"))
        });
        fs::write(roles.config_file(), config).unwrap();
        Self { roles, primary, fallback, dead }
    }

    /// Puts crashes into a spool's folder, and answers their ids.
    fn fill(&self, dir: &Path, numbers: std::ops::Range<usize>) -> Vec<CrashId> {
        backlog::in_folder(&self.roles, dir, numbers).unwrap()
    }

    /// What the crashmover lacks: the name of each part, and why.
    fn troubles(&self) -> Vec<(String, String)> {
        let answer = http::get(self.roles.address("crashmover"), "/__heartbeat__").unwrap();
        let said = answer.json().unwrap();
        let troubles = said["errors"].as_array().unwrap();
        assert_eq!(answer.status == 200, troubles.is_empty(), "{said}");
        let part = |trouble: &Value, key: &str| trouble[key].as_str().unwrap().to_owned();
        troubles.iter().map(|trouble| (part(trouble, "name"), part(trouble, "msg"))).collect()
    }

    fn metric(&self, line: &str) -> Option<f64> {
        let text = http::get(self.roles.address("crashmover"), "/metrics").unwrap().text();
        text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
    }
}

/// Crashes that wait in a spool.
fn waiting(dir: &Path) -> usize {
    let mut found = Vec::new();
    for lane in ["standard", "deferred"] {
        roles::collect_crash_files(&dir.join(lane), &mut found);
    }
    found.len()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

#[test]
fn a_mover_killed_while_it_drains_three_spools_stores_each_crash_once_and_starves_none() {
    let mut site = Site::new();
    let mut ids = site.fill(&site.primary, 0..CRASHES);
    ids.extend(site.fill(&site.fallback, CRASHES..2 * CRASHES));
    // The dead machine left a crash half written, and some had been stored before it died.
    let origin = site.roles.dir.path().join("origin");
    ids.extend(site.fill(&origin, 2 * CRASHES..3 * CRASHES));
    let unfinished = origin.join("tmp/0123456789abcdef");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("0"), b"AUXCRASH").unwrap();
    copy(&origin, &site.dead);

    let spools = [site.primary.clone(), site.fallback.clone(), site.dead.clone()];
    let mut random = SplitMix::new(5);
    let (mut kills, mut together) = (0, false);
    site.roles.start_role("crashmover").unwrap();
    loop {
        std::thread::sleep(Duration::from_millis(20 + random.below(120)));
        let left = spools.each_ref().map(|dir| waiting(dir));
        together |= left.iter().all(|left| *left > 0 && *left < CRASHES);
        if left == [0; 3] {
            break;
        }
        site.roles.kill_and_restart("crashmover").unwrap();
        kills += 1;
    }
    println!("{kills} kills");
    assert!(kills >= 3, "it was done too early to be killed");
    assert!(together, "one spool was drained after another");
    let mut stored = Vec::new();
    roles::collect_crash_files(&site.roles.dir.path().join("store/crashes"), &mut stored);
    let names: BTreeSet<_> =
        stored.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ids.iter().map(ToString::to_string).collect());
    assert_eq!(stored.len(), 3 * CRASHES, "each once");
    for dir in &spools {
        let mut quarantined = Vec::new();
        roles::collect_crash_files(&dir.join("quarantine"), &mut quarantined);
        assert!(quarantined.is_empty(), "{quarantined:?}");
    }
    assert!(site.dead.join("tmp/0123456789abcdef/0").exists(), "nobody's to remove");
    // The whole copy once more: all of it is in the store already, and simply leaves.
    fs::rename(&site.dead, site.roles.dir.path().join("drained")).unwrap();
    copy(&origin, &site.dead);
    wait::until("an empty copy", PATIENCE, || (waiting(&site.dead) == 0).then_some(()));
    let mut again = Vec::new();
    for dir in [site.dead.join("quarantine"), site.roles.dir.path().join("store/crashes")] {
        roles::collect_crash_files(&dir, &mut again);
    }
    assert_eq!(again.len(), 3 * CRASHES);
}

#[test]
fn a_spool_that_is_absent_empty_or_unreadable_harms_itself_alone_and_comes_back() {
    let mut site = Site::new();
    site.fill(&site.primary, 0..20);
    site.roles.start_role("crashmover").unwrap();
    let mut number = 1_000;
    let mut primary_goes_on = |site: &Site| {
        site.fill(&site.primary, number..number + 20);
        number += 20;
        wait::until("the primary is carried", PATIENCE, || {
            (waiting(&site.primary) == 0).then_some(())
        });
    };
    let said = |site: &Site, name: &str, words: &str| {
        wait::until(words, PATIENCE, || {
            let troubles = site.troubles();
            troubles.iter().any(|(spool, msg)| spool == name && msg.contains(words)).then_some(())
        });
    };
    let dead_name = format!("spool {}", site.dead.display());
    said(&site, "spool fallback", "No such file or directory");
    said(&site, &dead_name, "No such file or directory");
    primary_goes_on(&site);
    assert!(site.troubles().iter().all(|(name, _)| name != "spool primary"));

    // Mount points whose disks are away.
    for dir in [&site.fallback, &site.dead] {
        fs::create_dir(dir).unwrap();
        user::give(dir).unwrap();
    }
    said(&site, "spool fallback", "is no spool");
    primary_goes_on(&site);
    assert_eq!(
        fs::read_dir(&site.dead).unwrap().count(),
        0,
        "nothing is made where a disk belongs"
    );
    site.fill(&site.fallback, 100..120);
    wait::until("the fallback is carried", PATIENCE, || {
        (waiting(&site.fallback) == 0).then_some(())
    });
    let failing = "auxilio_crashmover_spool_failing_count{spool=\"fallback\"}";
    wait::until("the fallback is well", PATIENCE, || (site.metric(failing)? < 0.5).then_some(()));
    said(&site, &dead_name, "is no spool");

    if user::unprivileged().unwrap().is_none() {
        // Without root, the mover's files can't be taken from it.
        return;
    }
    // A folder that may not be looked into, one whose files may not be removed, a single minute and
    // a single file: each stops nothing but itself.
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&site.fallback, 0o000);
    said(&site, "spool fallback", "Permission denied");
    site.fill(&site.fallback, 120..140);
    mode(&site.fallback.join("standard"), 0o555);
    mode(&site.fallback, 0o755);
    said(&site, "spool fallback", "take crashes out of");
    primary_goes_on(&site);
    assert_eq!(waiting(&site.fallback), 20, "what could not be removed is not carried");
    mode(&site.fallback.join("standard"), 0o755);
    wait::until("the fallback is carried", PATIENCE, || {
        (waiting(&site.fallback) == 0).then_some(())
    });

    let part = site.roles.dir.path().join("part");
    site.fill(&part, 200..240);
    let mut files = Vec::new();
    roles::collect_crash_files(&part, &mut files);
    mode(&files[0], 0o000);
    let mut minutes: Vec<_> =
        fs::read_dir(part.join("standard")).unwrap().map(|entry| entry.unwrap().path()).collect();
    minutes.retain(|minute| !files[0].starts_with(minute));
    let in_minute = fs::read_dir(&minutes[0]).unwrap().count();
    assert!(in_minute > 0 && in_minute < 40);
    mode(&minutes[0], 0o000);
    fs::remove_dir(&site.dead).unwrap();
    fs::rename(&part, &site.dead).unwrap();
    wait::until("the readable ones are carried", PATIENCE, || {
        (waiting(&site.dead) == 1 + in_minute).then_some(())
    });
    said(&site, &dead_name, "Permission denied");
    primary_goes_on(&site);
    for path in [&files[0], &minutes[0]] {
        let path = site.dead.join(path.strip_prefix(&part).unwrap());
        mode(&path, if path.is_dir() { 0o755 } else { 0o644 });
    }
    wait::until("all is carried", PATIENCE, || (waiting(&site.dead) == 0).then_some(()));
    wait::until("all is well", PATIENCE, || site.troubles().is_empty().then_some(()));
    for spool in ["primary", "fallback", &site.dead.display().to_string()] {
        let quarantined =
            format!("auxilio_crashmover_spool_quarantined_count{{spool=\"{spool}\"}}");
        let oldest = format!("auxilio_crashmover_spool_oldest_seconds{{spool=\"{spool}\"}}");
        wait::until("empty spools", PATIENCE, || {
            (site.metric(&quarantined)? == 0.0 && site.metric(&oldest)? == 0.0).then_some(())
        });
    }
}
