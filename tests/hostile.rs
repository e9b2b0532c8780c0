//! Hostile crashes among ordinary ones: each ends with one report that says why it has no stack, or
//! what it lacks, and the ordinary ones do not wait for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_testkit::hostile::{BOMBS, mutant};
use auxilio_testkit::synthetic::{CODE, Module, STACK, Synthetic, frame_chain};
use auxilio_tests::roles::Roles;
use auxilio_tests::{crashes, http, user, wait};
use rustix::process::{Pid, Signal, kill_process};

/// Ordinary crashes that are posted while a hostile one is walked.
const ORDINARY: usize = 200;

/// How long anything may take before the test has failed. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(120);

const DEBUG_ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";
const FIELDS: [(&str, &str); 2] = [("ProductName", "Demo"), ("Version", "1.0")];

/// A dump whose symbols are a pipe that nobody writes: its walk ends with its worker.
fn endless_dump(symbols: &Path) -> Vec<u8> {
    let folder = symbols.join("endless.so").join(DEBUG_ID);
    fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("endless.so.sym");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    user::give(&pipe).unwrap();
    let mut dump = Synthetic::new();
    dump.modules =
        vec![Module::new("/usr/lib/endless.so", CODE).with_debug(DEBUG_ID, b"endless.so")];
    let stack = dump.memory(STACK, frame_chain(STACK, 320, CODE + 0x200));
    dump.thread(1, stack);
    dump.exception = Some(1);
    dump.build()
}

/// The walker that has a crash's file mapped: it is inside of its dump.
fn walker_of(processor: Pid, crash_id: CrashId) -> Option<Pid> {
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    processes.filter(|path| is_child(path, processor)).find_map(|path| {
        let maps = fs::read_to_string(path.join("maps")).ok()?;
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        maps.contains(&format!("{crash_id}.crash")).then(|| Pid::from_raw(pid))?
    })
}

fn is_child(process: &Path, parent: Pid) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    // The name before the last parenthesis may hold anything; then come state and parent.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let found = fields.split_whitespace().nth(1);
    found.is_some_and(|found| found == parent.as_raw_nonzero().to_string())
}

fn outcomes(roles: &Roles) -> BTreeMap<CrashId, (String, i32)> {
    let mut client = roles.database.client().unwrap();
    let rows = client.query("SELECT uuid, outcome, deaths FROM job_outcomes", &[]).unwrap();
    let read =
        |row: &postgres::Row| (row.get::<_, String>(0).parse().unwrap(), (row.get(1), row.get(2)));
    let outcomes: BTreeMap<_, _> = rows.iter().map(read).collect();
    assert_eq!(outcomes.len(), rows.len(), "each job has one outcome");
    outcomes
}

#[test]
fn hostile_crashes_end_with_a_reason_and_delay_no_other() {
    let roles = Roles::start(&[("AUXILIO_PROCESSOR__WORKERS", "2")]).unwrap();
    let collector = roles.address("collector");
    let processor = roles.running("processor").unwrap().pid();
    let post = |dump: &[u8]| crashes::post(collector, &FIELDS, Some(dump)).unwrap();
    let endless = post(&endless_dump(&roles.dir.path().join("symbols")));
    let its_walker = || {
        wait::until("a walker inside of the endless dump", PATIENCE, || {
            walker_of(processor, endless)
        })
    };
    let first = its_walker();

    let (mut ordinary, mut bombs, mut mutants) = (Vec::new(), Vec::new(), Vec::new());
    let mut chosen = BOMBS.iter().filter(|bomb| {
        ["overflow-8.4", "scan-4", "threads-1", "long-module-names", "soft-errors-20"]
            .contains(&bomb.name)
    });
    for number in 0..ORDINARY {
        ordinary.push(post(if number % 2 == 0 {
            &roles.crashes.segv
        } else {
            &roles.crashes.abort
        }));
        if number % 8 == 0 {
            mutants.push(post(&mutant(&roles.crashes.segv, number as u64 / 8).bytes));
        }
        if number % 40 == 0
            && let Some(bomb) = chosen.next()
        {
            bombs.push(post(&bomb.build()));
        }
        if number == 20 {
            // The first ones are there while the walker is still inside of the same dump.
            roles.wait_processed(&ordinary, PATIENCE);
            assert_eq!(walker_of(processor, endless), Some(first));
        }
    }
    assert_eq!(bombs.len(), 5);
    kill_process(first, Signal::KILL).unwrap();
    let second = wait::until("another walker inside of it", PATIENCE, || {
        walker_of(processor, endless).filter(|walker| *walker != first)
    });
    kill_process(second, Signal::KILL).unwrap();

    let all = [&[endless][..], &ordinary, &bombs, &mutants].concat();
    roles.wait_processed(&all, PATIENCE);
    let reports = roles.reports().unwrap();
    assert_eq!(reports.len(), all.len());
    assert!(reports.values().all(|rows| *rows == 1), "{reports:?}");
    let outcomes = outcomes(&roles);
    assert_eq!(outcomes.len(), all.len());
    for (crash_id, (outcome, deaths)) in &outcomes {
        // The death that ends a job is its outcome; counted are those before it.
        let expected = if *crash_id == endless { ("poison", 1) } else { ("processed", 0) };
        assert_eq!((outcome.as_str(), *deaths), expected, "{crash_id}");
    }
    poison_report_says_why(&roles, endless);
    for crash_id in &ordinary {
        let report = roles.processed(*crash_id).unwrap();
        assert_eq!(
            (&report["mdsw_status_string"], &report["truncated"]),
            (&"OK".into(), &false.into())
        );
    }
    for crash_id in &bombs {
        let report = roles.processed(*crash_id).unwrap();
        assert_eq!(
            (&report["mdsw_status_string"], &report["truncated"]),
            (&"OK".into(), &true.into())
        );
        assert!(report["json_dump"]["truncation"].is_object());
    }
    for crash_id in &mutants {
        let report = roles.processed(*crash_id).unwrap();
        assert_eq!(
            report["mdsw_status_string"] == "OK",
            report["json_dump"].is_object(),
            "{crash_id}"
        );
    }
}

/// Both the processed crash and the page name the end of the walker.
fn poison_report_says_why(roles: &Roles, crash_id: CrashId) {
    let report = roles.processed(crash_id).unwrap();
    assert_eq!(report["mdsw_status_string"], "WalkerDied");
    assert_eq!(report["success"], false);
    assert!(report["signature"].as_str().unwrap().ends_with("; WalkerDied"), "{report}");
    let notes = report["processor_notes"].to_string();
    assert!(notes.contains("no stack: WalkerDied"), "{notes}");
    let page = http::get(roles.address("webapp"), &format!("/report/index/{crash_id}")).unwrap();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("WalkerDied"), "{}", page.text());
}

/// The most that a process ever had resident, in megabytes.
fn megabytes(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024 / 1_000_000
}

#[test]
fn ten_huge_reports_at_once_stay_within_the_memory_of_their_processor() {
    let roles = Roles::start(&[("AUXILIO_PROCESSOR__WORKERS", "2")]).unwrap();
    let collector = roles.address("collector");
    let first = crashes::post(collector, &FIELDS, Some(&roles.crashes.segv)).unwrap();
    roles.wait_processed(&[first], PATIENCE);
    let processor = roles.running("processor").unwrap().pid();
    let before = megabytes(processor);
    let bomb = BOMBS.iter().find(|bomb| bomb.name == "large-json").unwrap().build();
    let posted: Vec<CrashId> = std::thread::scope(|scope| {
        let post = || crashes::post(collector, &FIELDS, Some(&bomb)).unwrap();
        let posts: Vec<_> = (0..10).map(|_| scope.spawn(post)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    roles.wait_processed(&posted, PATIENCE);
    assert_eq!(roles.reports().unwrap().len(), 11);
    let report = roles.processed(posted[0]).unwrap();
    let bytes = serde_json::to_string(&report["json_dump"]).unwrap().len();
    // With every stack at its bound of frames.
    assert!(bytes > 4_000_000, "{bytes} bytes");
    let after = megabytes(processor);
    println!("processor: {before} MB, after ten reports of {bytes} bytes: {after} MB");
    assert!(after < 500, "{after} MB");
}
