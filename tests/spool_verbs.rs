//! `auxilio spool ls|verify|requeue`: the real binary on real folders, with nothing else running, while
//! the collector and the crashmover run, and killed in the middle of its work.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{CrashId, DumpName, Throttle};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::raw::Recipe;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::roles::{self, Roles};
use auxilio_tests::stream::Stream;
use auxilio_tests::{backlog, binary, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What no verb may show.
const SECRET: &str = "https://secret.example/";

/// A folder with crashes of every kind.
struct Folder {
    dir: TempDir,
    spool: Spool,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = auxilio_spool::Config { dir: dir.path().to_owned(), ..Default::default() };
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        Self { spool: spool.unwrap(), dir }
    }

    fn commit(&self, seed: u64, lane: Lane) -> (CrashId, PathBuf) {
        let throttle = if lane == Lane::Standard { Throttle::Accept } else { Throttle::Defer };
        let crash = Recipe::new("20241224".parse().unwrap(), seed)
            .without_dumps()
            .annotation("ProductName", "Demo\u{1b}[2J")
            .annotation("URL", SECRET)
            .throttle(throttle)
            .envelope();
        let crash = auxilio_common::RawEnvelope::raw_crash(&crash).clone();
        let mut draft = self.spool.begin().unwrap();
        draft.begin_dump(DumpName::main()).unwrap();
        draft.write(&[7; 5_000]).unwrap();
        draft.end_dump().unwrap();
        (crash.crash_id, draft.commit(lane, crash).unwrap().path)
    }

    fn quarantine(&self, crash_id: CrashId, reason: &str) -> PathBuf {
        let source = self.spool.source();
        let entry = source.find(crash_id).unwrap().unwrap();
        source.claim(&entry).unwrap().unwrap().quarantine(reason).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary::command().unwrap();
        command.arg("spool").args(arguments).arg("--spool").arg(self.dir.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        let all = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8(all).unwrap().contains(SECRET), "{arguments:?}");
        output
    }

    /// Every file with its bytes.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut contents = BTreeMap::new();
        collect(self.dir.path(), &mut contents);
        contents
    }

    fn crash_files(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        roles::collect_crash_files(&self.dir.path().join(below), &mut found);
        found
    }
}

fn collect(dir: &Path, contents: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, contents);
        } else {
            contents.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The object about a crash.
fn about(objects: &[Value], crash_id: CrashId) -> &Value {
    let wanted = json!(crash_id);
    objects.iter().find(|object| object["crash_id"] == wanted).unwrap()
}

#[test]
fn good_damaged_unfinished_quarantined_and_deferred_crashes_are_told_apart() {
    let folder = Folder::new();
    let (good, _) = folder.commit(1, Lane::Standard);
    let (deferred, _) = folder.commit(2, Lane::Deferred);
    let (flipped, flipped_path) = folder.commit(3, Lane::Standard);
    let (cut, cut_path) = folder.commit(4, Lane::Standard);
    let (taken, _) = folder.commit(5, Lane::Standard);
    let (broken, broken_path) = folder.commit(6, Lane::Deferred);
    change(&flipped_path, |bytes| bytes[2_000] ^= 1);
    change(&cut_path, |bytes| bytes.truncate(3_000));
    change(&broken_path, |bytes| bytes.truncate(10));
    let taken_path = folder.quarantine(taken, "another crash has this id");
    let broken_path = folder.quarantine(broken, "the file has 10 bytes");
    let dead = folder.dir.path().join("tmp/dead/0");
    fs::create_dir(dead.parent().unwrap()).unwrap();
    fs::write(&dead, "AUXCRASH").unwrap();
    let before = folder.contents();
    let writing = folder.spool.begin().unwrap();

    let listed = folder.run(&["ls", "--json"]);
    assert_eq!(listed.status.code(), Some(0));
    let listed = objects(&listed);
    let field = |crash_id, name: &str| about(&listed, crash_id)[name].clone();
    assert_eq!(field(good, "lane"), "standard");
    assert_eq!(field(good, "product"), "Demo\u{1b}[2J");
    assert_eq!([field(good, "reason"), field(good, "damage")], [Value::Null, Value::Null]);
    assert!(field(good, "bytes").as_u64().unwrap() > 5_000);
    assert_eq!(field(deferred, "lane"), "deferred");
    assert_eq!(field(flipped, "damage"), Value::Null, "dumps are not read");
    assert!(field(cut, "damage").as_str().unwrap().contains("does not end with the mark"));
    assert_eq!(field(taken, "quarantined"), true);
    assert_eq!(field(taken, "lane"), "standard", "that of its verdict");
    assert_eq!(field(taken, "reason"), "another crash has this id");
    assert_eq!([field(broken, "lane"), field(broken, "product")], [Value::Null, Value::Null]);
    let sum = listed.last().unwrap();
    let counts = ["standard", "deferred", "quarantined"].map(|name| sum[name]["count"].clone());
    assert_eq!(counts, [3, 1, 2]);
    assert_eq!([&sum["being_written"], &sum["unfinished"], &sum["stray"]], [1, 1, 0]);
    assert!(sum["standard"]["oldest_secs"].as_u64().unwrap() < 3_600);
    assert_eq!(listed.len(), 7);

    let listed = text(&folder.run(&["ls"]));
    assert!(!listed.contains('\u{1b}') && listed.contains("Demo\\u{1b}[2J"), "{listed}");
    let summary = text(&folder.run(&["ls", "--summary"]));
    assert_eq!(summary.lines().count(), 1);
    for part in
        ["3 standard (", "1 deferred (", "2 quarantined (", "1 being written", "1 unfinished"]
    {
        assert!(summary.contains(part), "{summary}");
    }

    let verified = folder.run(&["verify", "--json"]);
    assert_eq!(verified.status.code(), Some(1));
    let verified = objects(&verified);
    let bad: BTreeMap<_, _> = verified[..verified.len() - 1]
        .iter()
        .map(|found| (PathBuf::from(found["path"].as_str().unwrap()), found))
        .collect();
    let of = |path: &PathBuf, name: &str| bad[path][name].as_str().unwrap().to_owned();
    assert_eq!(
        bad.keys().collect::<BTreeSet<_>>(),
        [&flipped_path, &cut_path, &broken_path, &dead].into()
    );
    assert!(of(&flipped_path, "reason").contains("don't have the checksum that the index says"));
    assert!(of(&cut_path, "reason").contains("does not end with the mark of a whole crash"));
    assert!(of(&broken_path, "reason").contains("the file has 10 bytes"));
    assert_eq!(of(&broken_path, "result"), "damaged");
    assert_eq!(of(&dead, "result"), "unfinished");
    let sum = verified.last().unwrap();
    let counts =
        ["whole", "damaged", "unfinished", "being_written", "stray"].map(|name| &sum[name]);
    assert_eq!(counts, [3, 3, 1, 1, 0]);
    let said = text(&folder.run(&["verify"]));
    assert!(said.contains(&format!("damaged  {}", flipped_path.display())), "{said}");

    // What is damaged stays, by its name; the whole one would come back.
    let tried = folder.run(&["requeue", "--all", "--dry-run", "--json"]);
    assert_eq!(tried.status.code(), Some(1));
    let tried = objects(&tried);
    assert_eq!(about(&tried, taken)["result"], "requeued");
    assert_eq!(about(&tried, broken)["result"], "damaged");
    drop(writing);
    assert!(folder.contents() == before, "nothing was changed");

    let nobody = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00120824").unwrap().to_string();
    let missing = folder.run(&["requeue", &nobody, "--json"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(objects(&missing)[0]["result"], "not_in_quarantine");
    let none = folder.run(&["requeue", "--reason", "no such words"]);
    assert_eq!((none.status.code(), text(&none).lines().count()), (Some(0), 1));
    for wrong in [&["requeue"][..], &["requeue", "--all", &nobody], &["requeue", "no-id"]] {
        assert_eq!(folder.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let back = folder.run(&["requeue", "--reason", "has this id", "--json"]);
    assert_eq!(back.status.code(), Some(0), "{}", text(&back));
    assert!(!taken_path.exists() && !taken_path.with_extension("reason").exists());
    let entry = folder.spool.source().find(taken).unwrap().unwrap();
    assert_eq!(about(&objects(&back), taken)["path"], json!(entry.path));
    let refused = folder.run(&["requeue", &format!("bp-{broken}"), "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let refused = objects(&refused);
    assert_eq!(about(&refused, broken)["path"], json!(broken_path));
    assert!(about(&refused, broken)["reason"].as_str().unwrap().contains("10 bytes"));
    assert_eq!(folder.crash_files("quarantine"), [broken_path]);
}

#[test]
fn requeue_killed_again_and_again_loses_nothing_and_shows_nothing_twice() {
    const CRASHES: u64 = 300;
    const PAGE: usize = 4_096;
    /// Two ids, two paths' worth of text: no line is shorter.
    const LINE_MIN: usize = 200;
    let folder = Folder::new();
    let mut ids = BTreeSet::new();
    for seed in 0..CRASHES {
        let lane = if seed % 3 == 0 { Lane::Deferred } else { Lane::Standard };
        let (crash_id, _) = folder.commit(seed, lane);
        folder.quarantine(crash_id, "put aside");
        ids.insert(crash_id.to_string());
    }
    let places = || {
        let files = folder.crash_files("");
        let names =
            files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()[..36].to_owned());
        let names: BTreeSet<String> = names.collect();
        assert_eq!(files.len(), ids.len(), "each is in one place");
        assert_eq!(names, ids);
        folder.crash_files("quarantine").len()
    };
    let mut random = SplitMix::new(3);
    let mut kills = 0;
    loop {
        let before = places();
        if before == 0 {
            break;
        }
        let mut command = folder.command(&["requeue", "--all", "--json"]);
        let (out, into) = std::io::pipe().unwrap();
        // It can't run ahead of its reader by more than a few lines, however slow we are.
        rustix::pipe::fcntl_setpipe_size(&out, PAGE).unwrap();
        let mut verb = command.stdout(into).spawn().unwrap();
        // Our own end of the other side.
        drop(command);
        let mut lines = BufReader::with_capacity(PAGE, out).lines();
        let mut told = Vec::new();
        for _ in 0..=random.below(12) {
            told.extend(lines.next().map(Result::unwrap));
        }
        std::thread::sleep(Duration::from_micros(random.below(3_000)));
        verb.kill().unwrap();
        verb.wait().unwrap();
        told.extend(lines.map_while(Result::ok));
        // Who was told to be back is back.
        for line in told.iter().filter(|line| line.ends_with('}')) {
            let line: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = line["path"].as_str() {
                assert_eq!(line["result"], "requeued");
                assert!(Path::new(path).exists(), "{line}");
            }
        }
        assert!(places() < before, "it came on");
        kills += 1_usize;
    }
    println!("{kills} kills");
    // The lines that are read, those in the reader and in the pipe, and one that is being written.
    let most = 12 + 2 * PAGE / LINE_MIN + 1;
    assert!(kills * most >= usize::try_from(CRASHES).unwrap(), "{kills}");
    let verified = folder.run(&["verify", "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
    assert_eq!(objects(&verified)[0]["whole"], CRASHES);
    let sum = objects(&folder.run(&["ls", "--summary", "--json"])).remove(0);
    let counts = ["standard", "deferred", "quarantined"].map(|name| &sum[name]["count"]);
    assert_eq!(counts, [CRASHES - CRASHES / 3, CRASHES / 3, 0]);
}

#[test]
fn a_verb_whose_reader_goes_away_ends_well_only_if_it_is_a_list() {
    let folder = Folder::new();
    for seed in 0..100 {
        let (crash_id, _) = folder.commit(seed, Lane::Standard);
        folder.quarantine(crash_id, "put aside");
    }
    for (arguments, ends_well) in [
        (&["ls"][..], true),
        (&["verify"], false),
        (&["requeue", "--all", "--dry-run"], false),
        (&["requeue", "--all"], false),
    ] {
        let (_, nobody_reads) = std::io::pipe().unwrap();
        let ended = folder.command(arguments).stdout(nobody_reads).status().unwrap();
        assert_eq!(ended.success(), ends_well, "{arguments:?}");
    }
}

#[test]
fn two_requeues_at_once_bring_each_back_once() {
    let folder = Folder::new();
    for seed in 0..100 {
        let (crash_id, _) = folder.commit(seed, Lane::Standard);
        folder.quarantine(crash_id, "put aside");
    }
    let start = || {
        let mut command = folder.command(&["requeue", "--all", "--json"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()].map(|verb| objects(&verb.wait_with_output().unwrap()));
    let requeued: u64 =
        both.iter().map(|said| said.last().unwrap()["requeued"].as_u64().unwrap()).sum();
    assert_eq!(requeued, 100);
    assert_eq!(
        (folder.crash_files("standard").len(), folder.crash_files("quarantine").len()),
        (100, 0)
    );
}

#[test]
fn the_verbs_disturb_neither_collector_nor_crashmover_and_what_comes_back_is_stored() {
    const CRASHES: usize = 150;
    let mut roles = Roles::prepare(&[]).unwrap();
    let spool = roles.dir.path().join("spool");
    for role in ["collector", "crashmover"] {
        roles.start_role(role).unwrap();
    }
    let stream = Stream::start(
        roles.address("collector"),
        &Arc::clone(&roles.crashes),
        CRASHES,
        Duration::from_millis(10),
    );
    let mut looks = 0;
    while stream.acknowledged() < CRASHES {
        for arguments in
            [&["spool", "ls", "--json"][..], &["spool", "verify"], &["spool", "requeue", "--all"]]
        {
            let output = roles.auxilio().args(arguments).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output));
        }
        looks += 1;
    }
    assert!(looks > 0);
    let ids = stream.finish();
    let stored = |count: usize| {
        wait::until("all are stored", PATIENCE, || roles.spooled().is_empty().then_some(()));
        let mut stored = Vec::new();
        roles::collect_crash_files(&roles.dir.path().join("store/crashes"), &mut stored);
        assert_eq!(stored.len(), count, "each once");
    };
    stored(ids.len());
    assert!(roles.quarantined().is_empty());

    // A copy of another spool that is seen too early: the half file is taken for damaged, is there
    // wholly a moment later, and needs no more than another try.
    let origin = roles.dir.path().join("origin");
    backlog::in_folder(&roles, &origin, 5_000..5_001).unwrap();
    let mut files = Vec::new();
    roles::collect_crash_files(&origin, &mut files);
    let whole = fs::read(&files[0]).unwrap();
    let half = spool.join("half");
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let minute = spool.join(files[0].strip_prefix(&origin).unwrap().parent().unwrap());
    fs::create_dir_all(&minute).unwrap();
    auxilio_tests::user::give(&minute).unwrap();
    fs::rename(&half, minute.join(files[0].file_name().unwrap())).unwrap();
    let aside = wait::until("the half file is put aside", PATIENCE, || roles.quarantined().pop());
    // The crashmover lets go of it a moment after it stands there.
    wait::until("it is named as damaged", PATIENCE, || {
        let refused = roles.auxilio().args(["spool", "requeue", "--all"]).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        text(&refused).starts_with("damaged  ").then_some(())
    });
    fs::write(&aside, whole).unwrap();
    let back = roles.auxilio().args(["spool", "requeue", "--all"]).output().unwrap();
    assert_eq!(back.status.code(), Some(0), "{}", text(&back));
    stored(ids.len() + 1);
    assert!(roles.quarantined().is_empty());
}
