//! `auxilio signature try|apply|undo` over the real binary: every crash is counted once, whatever is
//! killed and whatever else is written meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use auxilio_common::{Clock, CrashId, Day, Generation, Quality, Throttle, Timestamp};
use auxilio_database::{Config, Database, DbRole, Frames, Report};
use auxilio_service::clock::SystemClock;
use auxilio_signature::{CrashData, Lists, generate};
use auxilio_testkit::postgres;
use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::{crashes, wait};
use serde_json::{Value, json};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A prefix more, by which a signature splits, one less, by which two merge, and a sentinel.
const LISTS: [(&str, &str); 3] = [
    ("prefix.txt", "# ours\ndemo::shared$\n"),
    ("irrelevant.txt", "demo::twin_\n"),
    ("foreign_modules.txt", "plug\\.so$\n"),
];

struct Installation {
    roles: Roles,
    runtime: tokio::runtime::Runtime,
    database: Database,
}

impl Installation {
    fn new() -> Self {
        Self::of(Roles::prepare(&[]).unwrap())
    }

    fn of(roles: Roles) -> Self {
        let config = Config {
            port: roles.database.server.port(),
            user: postgres::USER.into(),
            database: roles.database.name.clone(),
            ..Config::default()
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = Database::connect(&config, DbRole::Owner).unwrap();
        Self { roles, runtime, database }
    }

    fn write(&self, rows: Vec<Report>) {
        for answer in self.runtime.block_on(self.database.write_reports(rows)).unwrap() {
            assert!(answer.unwrap());
        }
    }

    fn number(&self, sql: &str) -> i64 {
        self.roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
    }

    /// How many reports have each signature.
    fn totals(&self) -> BTreeMap<String, i64> {
        let sql = "SELECT coalesce(signature, ''), count(*) FROM reports GROUP BY 1";
        let rows = self.roles.database.client().unwrap().query(sql, &[]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// A checksum of everything that a change may touch.
    fn checksum(&self) -> String {
        let sql = "SELECT concat(
            (SELECT md5(string_agg(reports::text, ' ' ORDER BY uuid)) FROM reports),
            (SELECT md5(string_agg(frames::text, ' ' ORDER BY uuid)) FROM frames))";
        self.roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
    }

    /// What a report's row and the middleware say of a crash: signature, generation, change, and the note
    /// of the change. Both say the same, of one run.
    fn shown(&self, crash: CrashId) -> (String, i64, Option<i64>, Option<String>) {
        let sql = "SELECT signature, generation, signature_change FROM reports WHERE uuid = $1";
        let crash_id = crash.to_string();
        let row = self.roles.database.client().unwrap().query_one(sql, &[&crash_id]).unwrap();
        let signature: String = row.get(0);
        let answer = wait::until("the answer of the row", PATIENCE, || {
            self.roles.processed(crash).filter(|answer| answer["signature"] == *signature)
        });
        let notes = answer["processor_notes"].as_str().unwrap();
        let note = notes.lines().find(|note| note.contains(" of the lists gave it"));
        (signature, row.get(1), row.get(2), note.map(str::to_owned))
    }

    /// Has a crash processed again by the processor that runs.
    fn reprocess(&self, crash: CrashId) {
        let crash = crash.to_string();
        let queued = self.roles.auxilio().args(["reprocess", &crash]).output().unwrap();
        assert!(queued.status.success(), "{}", said(&queued));
        self.roles.reports().unwrap();
    }

    fn lists(&self) -> String {
        let dir = self.roles.dir.path().join("lists");
        std::fs::create_dir_all(&dir).unwrap();
        for (file, text) in LISTS {
            std::fs::write(dir.join(file), text).unwrap();
        }
        dir.to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.roles.auxilio();
        command.env("USER", "ann").arg("signature").args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a verb prints with `--json` when all goes well.
    fn told(&self, arguments: &[&str]) -> Vec<Value> {
        let done = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a verb and kills it once it is somewhere in the middle.
    fn killed_in_the_middle(&self, arguments: &[&str], counted: &str, beyond: i64) -> i64 {
        let mut command = self.command(arguments);
        let process = Process::start(command.stdout(Stdio::null())).unwrap();
        let sql = format!("SELECT coalesce(max({counted}), 0) FROM signature_changes");
        wait::until("a batch is through", PATIENCE, || (self.number(&sql) > beyond).then_some(()));
        process.kill().unwrap();
        self.number(&sql)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn today() -> Day {
    SystemClock::start().now().day().unwrap()
}

fn id(number: u32, day: Day) -> CrashId {
    let mut bytes = [7; 16];
    // Spread, as the ids of real crashes are.
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    CrashId::issue(bytes, 0, day)
}

/// Crashes of eight kinds of stacks, and every tenth without any.
fn line(number: u32) -> Option<String> {
    let frame = |function: String| json!({"function": function, "module": "demo"});
    let frames = match number % 10 {
        0 => return None,
        1..=3 => {
            vec![frame("demo::shared".to_owned()), frame(format!("demo::user_{}(int)", number % 3))]
        }
        4 | 5 => {
            vec![frame(format!("demo::twin_{}", number % 2)), frame("demo::common".to_owned())]
        }
        6 => vec![json!({"module": "plug.so", "module_offset": "0x10"})],
        kind => vec![frame(format!("demo::alone_{kind}"))],
    };
    let crash = json!({"crashing_thread": 0, "threads": [{"frames": frames}],
        "modules": [{"filename": "demo", "debug_id": "1"}]});
    Some(CrashData::from_json(&crash.to_string()).unwrap().reduced().to_json())
}

fn row(number: u32, day: Day, generation: i64) -> Report {
    let at = Timestamp::midnight(day);
    let generation = Generation(generation);
    let (quality, throttle) = (Quality::Clean, Throttle::Accept);
    let mut row = Report::new(id(number, day), at, generation, quality, throttle, 100.0);
    row.product = Some("Demo".to_owned());
    row.signature = Some("EMPTY: no frame data available".to_owned());
    if let Some(line) = line(number) {
        let made = generate(&CrashData::from_json(&line).unwrap(), Lists::built_in());
        row.signature = Some(made.signature);
        row.group_key = made.group_key.map(|key| key.to_string());
        row.frames = Frames::of(&line);
    }
    row
}

fn rows(numbers: std::ops::Range<u32>) -> Vec<Report> {
    let days = [today(), today().previous().unwrap()];
    numbers.map(|number| row(number, days[number as usize % 2], 1)).collect()
}

fn sum(record: &Value, parts: &[&str]) -> i64 {
    parts.iter().map(|part| record[part].as_i64().unwrap()).sum()
}

fn looked_at(record: &Value) -> i64 {
    sum(record, &["changed", "rekeyed", "unchanged", "without_frames", "overtaken"])
}

#[test]
fn a_change_is_tried_applied_and_undone_and_the_totals_stay() {
    let system = Installation::new();
    system.write(rows(0..1_000));
    let lists = system.lists();
    let (before, untouched) = (system.totals(), system.checksum());

    // The lists that signed them change nothing.
    let [same] = &system.told(&["try"])[..] else { panic!("nothing moves") };
    assert_eq!((&same["crashes"], &same["unchanged"]), (&json!(1_000), &json!(900)));
    assert_eq!((&same["changed"], &same["without_frames"]), (&json!(0), &json!(100)));

    // Others split, merge and rename; trying changes nothing.
    let mut moves = system.told(&["try", "--lists", &lists]);
    let whole = moves.pop().unwrap();
    assert_eq!(sum(&whole, &["changed", "rekeyed", "unchanged", "without_frames"]), 1_000);
    assert_eq!(whole["rekeyed"], 100, "{whole}");
    let crashes: Vec<i64> = moves.iter().map(|way| way["crashes"].as_i64().unwrap()).collect();
    assert_eq!(crashes.iter().sum::<i64>(), whole["changed"].as_i64().unwrap());
    assert!(crashes.is_sorted_by(|one, other| one >= other), "largest first: {crashes:?}");
    let kinds = |from: &str| -> Vec<&str> {
        let ways = moves.iter().filter(|way| way["from"].as_str().unwrap().starts_with(from));
        ways.map(|way| way["kind"].as_str().unwrap()).collect()
    };
    assert_eq!(kinds("demo::shared"), ["split"; 3], "{moves:?}");
    assert_eq!(kinds("demo::twin_"), ["merged"; 2], "{moves:?}");
    assert_eq!(system.checksum(), untouched);
    assert_eq!(system.number("SELECT count(*) FROM signature_changes"), 0);
    let text = system.run(&["try", "--lists", &lists, "--limit", "1"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("and 4 smaller ones") && text.contains("1000 crashes"), "{text}");

    // What trying said is what applying does.
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((&applied["state"], &applied["applied_by"]), (&json!("applied"), &json!("ann")));
    assert_eq!(looked_at(applied), 1_000);
    for count in ["changed", "rekeyed", "unchanged", "without_frames"] {
        assert_eq!(applied[count], whole[count], "{count}");
    }
    let mut expected = before.clone();
    for way in &moves {
        let crashes = way["crashes"].as_i64().unwrap();
        *expected.get_mut(way["from"].as_str().unwrap()).unwrap() -= crashes;
        *expected.entry(way["to"].as_str().unwrap().to_owned()).or_default() += crashes;
    }
    expected.retain(|_, crashes| *crashes > 0);
    assert_eq!(system.totals(), expected);
    assert_eq!(expected.values().sum::<i64>(), 1_000);
    let again = system.told(&["try", "--lists", &lists]).pop().unwrap();
    assert_eq!((&again["changed"], &again["rekeyed"]), (&json!(0), &json!(0)));

    let id = applied["id"].to_string();
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    assert_eq!(undone["state"], "undone");
    assert_eq!(undone["restored"], sum(applied, &["changed", "rekeyed"]));
    assert_eq!(system.checksum(), untouched, "to the last bit");
    let refused = system.run(&["undo", &id]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("is undone already"), "{}", said(&refused));
    assert_eq!(system.told(&["changes"]).first(), Some(undone));
}

#[test]
fn killed_in_the_middle_nothing_is_counted_twice() {
    let system = Installation::new();
    system.write(rows(0..3_000));
    let lists = system.lists();
    let before = system.totals();
    let apply = ["apply", "--lists", &lists, "--rate", "1000"];
    let mut came_to = 0;
    for _ in 0..2 {
        let was = came_to;
        came_to = system.killed_in_the_middle(&apply, "looked_at", was);
        assert!(came_to > was && came_to < 3_000, "{came_to}");
    }
    // Others don't go on with it.
    let other = system.run(&["apply"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(said(&other).contains("by other lists (built-in, "), "{}", said(&other));
    // Some crashes of either half are processed again meanwhile, and one comes anew.
    let again: Vec<Report> = (0..3_000)
        .step_by(300)
        .map(|number| {
            let mut row = rows(number..number + 1).remove(0);
            row.signature = Some("again".to_owned());
            (row.generation, row.frames) = (Generation(2), None);
            row
        })
        .collect();
    let reprocessed = again.len();
    system.write(again);
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((looked_at(applied), &applied["looked_at"]), (3_000, &json!(3_000)));
    let recorded = system.number("SELECT count(*) FROM changed_signatures");
    assert_eq!(recorded, sum(applied, &["changed", "rekeyed"]));
    let differing = system.number(
        "SELECT count(*) FROM reports JOIN changed_signatures USING (crash_day, uuid, generation)
         WHERE signature IS DISTINCT FROM new_signature OR signature_change <> change",
    );
    assert_eq!(differing, 0);

    let id = applied["id"].to_string();
    let undo = ["undo", &id, "--rate", "1000"];
    let came_to = system.killed_in_the_middle(&undo, "restored", 0);
    assert!(came_to < recorded, "{came_to} of {recorded}");
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    let left = sum(undone, &["restored", "reprocessed", "rewritten", "gone"]);
    assert_eq!(left, recorded);
    let mut expected = before;
    for number in (0..3_000).step_by(300) {
        *expected.get_mut(&rows(number..number + 1)[0].signature.clone().unwrap()).unwrap() -= 1;
    }
    expected.insert("again".to_owned(), i64::try_from(reprocessed).unwrap());
    expected.retain(|_, crashes| *crashes > 0);
    assert_eq!(system.totals(), expected);
}

#[test]
fn crashes_are_saved_and_processed_again_while_a_change_is_applied() {
    let system = Installation::new();
    system.write(rows(0..2_000));
    let lists = system.lists();
    let mut apply = Process::start(
        system.command(&["apply", "--lists", &lists, "--rate", "1500"]).stdout(Stdio::null()),
    )
    .unwrap();
    let (mut generation, mut new) = (2, 2_000);
    while apply.ended().unwrap().is_none() {
        let again = (0..2_000).step_by(37).map(|number| {
            let mut row = rows(number..number + 1).remove(0);
            row.generation = Generation(generation);
            row
        });
        system.write(again.collect());
        system.write(rows(new..new + 20));
        (generation, new) = (generation + 1, new + 20);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(apply.wait(PATIENCE).unwrap().success());
    assert!(generation > 3, "it was applied too fast for anything to come between");
    let record = system.told(&["changes"]).remove(0);
    assert_eq!(looked_at(&record), record["looked_at"].as_i64().unwrap());
    assert!(record["looked_at"].as_i64() >= Some(2_000), "{record}");
    assert_eq!(system.number("SELECT count(*) FROM reports"), i64::from(new));
    // Whoever was processed again after its turn has what that gave it; the next change finds it.
    let rest = system.told(&["apply", "--lists", &lists]).remove(0);
    assert_eq!(rest["looked_at"], new);
    let tried = system.told(&["try", "--lists", &lists]).pop().unwrap();
    assert_eq!((&tried["changed"], &tried["rekeyed"]), (&json!(0), &json!(0)));
}

#[test]
fn a_crash_that_is_processed_again_has_what_its_processors_lists_say() {
    let mut system = Installation::of(Roles::start(&[]).unwrap());
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let post = |roles: &Roles| {
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
    };
    let [by_new, by_old, untouched] = std::array::from_fn(|_| post(&system.roles));
    system.roles.wait_processed(&[by_new, by_old, untouched], PATIENCE);
    assert_eq!(system.roles.reports().unwrap().len(), 3);
    let (old, first_run, ..) = system.shown(by_new);
    assert_eq!(system.totals(), BTreeMap::from([(old.clone(), 3)]));

    // The function in which it crashed becomes a prefix: all three are called otherwise.
    let lists = system.lists();
    std::fs::write(format!("{lists}/prefix.txt"), ".*inlined_inner\n").unwrap();
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((&applied["changed"], &applied["looked_at"]), (&json!(3), &json!(3)));
    let (new, generation, change, note) = system.shown(by_new);
    assert!(new.starts_with(&format!("{old} | ")), "{old:?} became {new:?}");
    assert_eq!((generation, change), (first_run, applied["id"].as_i64()));
    let expected = format!(
        "signature: change {} of the lists gave it this signature; was \"{old}\"",
        applied["id"]
    );
    assert_eq!(note, Some(expected));

    // By processors that have the new lists it comes out the same, as what the run itself says.
    let taken = system.roles.take("processor").unwrap();
    taken.terminate(PATIENCE).unwrap();
    let setting = ("AUXILIO_PROCESSOR__SIGNATURE__LISTS_DIR", &*lists);
    let processor = system.roles.start_another("processor", &[setting]).unwrap();
    system.reprocess(by_new);
    processor.terminate(PATIENCE).unwrap();
    let (signature, generation, change, note) = system.shown(by_new);
    assert_eq!((signature, change, note), (new.clone(), None, None));
    assert!(generation > first_run);
    assert_eq!(system.totals(), BTreeMap::from([(new.clone(), 3)]));

    // By those that still have the old ones, the old one comes back.
    system.roles.start_role("processor").unwrap();
    system.reprocess(by_old);
    let (signature, _, change, note) = system.shown(by_old);
    assert_eq!((signature, change, note), (old.clone(), None, None));
    assert_eq!(system.totals(), BTreeMap::from([(old.clone(), 1), (new.clone(), 2)]));
    assert_eq!(system.told(&["changes"]).first(), Some(applied), "it says what was done");

    // Whoever was processed again keeps what that gave it.
    let id = applied["id"].to_string();
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    let counts = ["restored", "reprocessed", "rewritten", "gone"].map(|part| undone[part].clone());
    assert_eq!(counts, [1, 2, 0, 0].map(Value::from));
    for (crash, expected) in [(by_new, &new), (by_old, &old), (untouched, &old)] {
        let (signature, _, change, note) = system.shown(crash);
        assert_eq!((&signature, change, note), (expected, None, None), "{crash}");
    }
    assert_eq!(
        system.shown(untouched).1,
        system.number(&format!(
            "SELECT generation FROM changed_signatures WHERE uuid = '{untouched}'"
        ))
    );
    assert_eq!(system.totals(), BTreeMap::from([(old, 2), (new, 1)]));
}

#[test]
fn a_damaged_row_is_named_and_hides_no_other() {
    let system = Installation::new();
    system.write(rows(1..4));
    let damaged = id(2, today());
    let sql = format!("UPDATE frames SET data = 'rubbish' WHERE uuid = '{damaged}'");
    system.roles.database.client().unwrap().batch_execute(&sql).unwrap();
    let tried = system.run(&["try", "--json"]);
    assert!(said(&tried).contains(&format!("bp-{damaged}: ")), "{}", said(&tried));
    let sum: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!((&sum["unchanged"], &sum["without_frames"]), (&json!(2), &json!(1)), "{sum}");
}

#[test]
fn a_bad_list_is_named_and_nothing_is_begun() {
    let system = Installation::new();
    let lists = PathBuf::from(system.lists());
    std::fs::write(lists.join("prefix.txt"), "fine\n(\n").unwrap();
    let lists = lists.to_str().unwrap();
    for verb in ["try", "apply"] {
        let refused = system.run(&[verb, "--lists", lists]);
        assert_eq!(refused.status.code(), Some(1));
        let expected = "prefix.txt\": line 2 of the prefix list is no pattern";
        assert!(said(&refused).contains(expected), "{}", said(&refused));
        let refused = system.run(&[verb, "--lists", "/nowhere"]);
        assert!(said(&refused).contains("can't read \"/nowhere\""), "{}", said(&refused));
    }
    assert_eq!(system.number("SELECT count(*) FROM signature_changes"), 0);
    let unknown = system.run(&["undo", "5"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("there is no change 5"), "{}", said(&unknown));
    assert_eq!(system.run(&["--explain", "try"]).status.code(), Some(2));
}

/// Stored stacks that a trial is measured over.
#[cfg(feature = "long")]
const STACKS: u32 = 100_000;

/// A stack as real ones are: thirty frames of a few thousand functions, some inlined, two threads.
#[cfg(feature = "long")]
fn long_line(random: &mut auxilio_testkit::splitmix::SplitMix) -> String {
    const MODULES: [&str; 5] = ["demo", "libdemo_core.so", "libxul.so", "libc.so.6", "ntdll.dll"];
    let mut function = |depth: u64| {
        // Callers are few and callees are many.
        let (part, class) = (random.below(3 + 40 / (1 + depth)), random.below(6));
        let method = random.below(10);
        let called = format!(
            "demo::part_{part}::Class{class}<int, char>::method_{method}(int, void*) const"
        );
        json!({"function": called, "file": format!("hg:h:part_{part}/class{class}.cpp:abc"),
            "line": 10 * class + method})
    };
    let mut frames: Vec<Value> = (0..30).map(&mut function).collect();
    for (place, frame) in frames.iter_mut().enumerate() {
        frame["module"] = MODULES[place / 7].into();
        frame["module_offset"] = format!("{:#x}", 4_096 * place).into();
        frame["offset"] = format!("{:#x}", 0x7f00_0000_0000_u64 + 4_096 * place as u64).into();
        if place % 6 == 0 {
            frame["inlines"] = vec![function(2)].into();
        }
    }
    let modules = MODULES
        .map(|name| json!({"filename": name, "debug_id": "5A7C00112233445566778899AABBCCDD0"}));
    let crash = json!({"crashing_thread": 1, "os": "Linux", "reason": "SIGSEGV / SEGV_MAPERR",
        "threads": [{"frames": frames[5..].to_vec()}, {"frames": frames, "thread_name": "Worker 3"}],
        "modules": modules, "mdsw_status_string": "OK"});
    CrashData::from_json(&crash.to_string()).unwrap().reduced().to_json()
}

/// Prints how long a trial over a hundred thousand stacks takes. It should be less than ten seconds.
#[test]
#[cfg(feature = "long")]
fn a_hundred_thousand_stacks_are_tried() {
    use auxilio_tests::{binary, figures};

    let system = Installation::new();
    let mut random = auxilio_testkit::splitmix::SplitMix::new(1);
    let (mut number, mut bytes) = (0, 0);
    while number < STACKS {
        let rows = (number..number + 500).map(|number| {
            let mut row = row(number, today(), 1);
            let line = long_line(&mut random);
            bytes += line.len();
            let made = generate(&CrashData::from_json(&line).unwrap(), Lists::built_in());
            row.signature = Some(made.signature);
            row.group_key = made.group_key.map(|key| key.to_string());
            row.frames = Frames::of(&line);
            row
        });
        system.write(rows.collect());
        number += 500;
    }
    let stored = system.number("SELECT sum(octet_length(data))::bigint FROM frames");
    let on_disk = system.number(
        "SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits
        WHERE inhparent = 'frames'::regclass",
    );
    let lists = system.lists();
    std::fs::write(format!("{lists}/prefix.txt"), "demo::part_[0-9]::\n").unwrap();
    let release = binary::release().unwrap();
    let build = if release.is_some() { "release" } else { "debug" };
    let mut command = release.map_or_else(
        || system.roles.auxilio(),
        |binary| {
            let mut command = binary::command_of(&binary);
            command.arg("--config").arg(system.roles.config_file());
            command
        },
    );
    command.args(["signature", "try", "--lists", &lists, "--json"]).stdout(Stdio::null());
    let clock = SystemClock::start();
    let began = clock.monotonic();
    let mut process = Process::start(&mut command).unwrap();
    let (mut peak, mut ticks) = (String::new(), 0);
    while process.ended().unwrap().is_none() {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", process.pid().as_raw_nonzero());
            std::fs::read_to_string(path).unwrap_or_default()
        };
        if let Some(line) = read("status").lines().find(|line| line.starts_with("VmHWM")) {
            peak = line.replace(char::is_whitespace, " ");
        }
        let stat = read("stat");
        let times = stat.split(' ').skip(13).take(2).filter_map(|time| time.parse::<u64>().ok());
        ticks = ticks.max(times.sum());
        std::thread::sleep(Duration::from_millis(10));
    }
    let seconds = clock.monotonic().saturating_sub(began).as_secs_f64();
    assert!(process.wait(PATIENCE).unwrap().success());
    let each = |bytes: i64| bytes / i64::from(STACKS);
    figures::print(&format!(
        "signature try, {build} build: {STACKS} stored stacks in {seconds:.1} s, of which {:.1} s are its own CPU; \
         {peak}; a stack has {} bytes of JSON, {} compressed, {} on disk",
        ticks as f64 / 100.0,
        bytes / STACKS as usize,
        each(stored),
        each(on_disk)
    ))
    .unwrap();
}
