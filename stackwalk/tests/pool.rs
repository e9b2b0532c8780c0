//! The pool of workers, with real processes: this very test, started again as `stackwalk-worker`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod ground;

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use auxilio_stackwalk::{Pool, PoolOptions, WalkError, WalkLane, WalkRequest};
use auxilio_testkit::synthetic::{CODE, Module, STACK, Synthetic, frame_chain, return_addresses};
use futures::FutureExt as _;
use ground::{Ground, Test, WORKER, only_idle, request};
use tokio::runtime::Runtime;

const HOLDER: &str = "hold-a-pool";

/// Long enough for anything that should happen at once, on a busy machine.
const SOON: Duration = Duration::from_mins(1);

const TESTS: &[Test] = &[
    ("a_dump_inside_of_a_larger_file_is_walked", a_dump_inside_of_a_larger_file_is_walked),
    (
        "unreadable_dumps_are_named_and_cost_no_worker",
        unreadable_dumps_are_named_and_cost_no_worker,
    ),
    (
        "a_worker_killed_in_mid_dump_is_told_and_replaced",
        a_worker_killed_in_mid_dump_is_told_and_replaced,
    ),
    (
        "a_worker_killed_while_idle_is_replaced_unnoticed",
        a_worker_killed_while_idle_is_replaced_unnoticed,
    ),
    (
        "the_watchdog_kills_a_walk_that_takes_too_long",
        the_watchdog_kills_a_walk_that_takes_too_long,
    ),
    (
        "a_dump_that_wants_too_much_memory_kills_only_its_worker",
        a_dump_that_wants_too_much_memory_kills_only_its_worker,
    ),
    (
        "a_stack_overflow_fits_into_a_small_address_space",
        a_stack_overflow_fits_into_a_small_address_space,
    ),
    (
        "a_worker_is_recycled_after_its_number_of_dumps",
        a_worker_is_recycled_after_its_number_of_dumps,
    ),
    ("a_worker_has_limits_of_its_own", a_worker_has_limits_of_its_own),
    ("a_worker_that_has_grown_is_recycled", a_worker_that_has_grown_is_recycled),
    (
        "a_priority_walk_does_not_wait_for_the_common_lane",
        a_priority_walk_does_not_wait_for_the_common_lane,
    ),
    (
        "a_dropped_walk_frees_its_seat_and_kills_its_worker",
        a_dropped_walk_frees_its_seat_and_kills_its_worker,
    ),
    (
        "symbols_cut_in_place_cost_at_most_the_worker_that_has_them_open",
        symbols_cut_in_place_cost_at_most_the_worker_that_has_them_open,
    ),
    ("workers_end_when_their_pool_is_killed", workers_end_when_their_pool_is_killed),
    ("a_program_that_is_no_worker_is_told", a_program_that_is_no_worker_is_told),
    ("nothing_but_answers_reaches_standard_output", nothing_but_answers_reaches_standard_output),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(WORKER) => return auxilio_stackwalk::worker::main(),
        Some(HOLDER) => hold_a_pool(Path::new(&arguments[2])),
        _ => {}
    }
    ground::run(TESTS)
}

impl Ground {
    /// A dump that takes for ever to open: a pipe that nobody writes.
    fn endless(&self) -> WalkRequest {
        let path = self.folder.path().join("endless");
        make_pipe(&path);
        request(path, 1_000)
    }
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn small_dump() -> Vec<u8> {
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 160, CODE + 0x200));
    dump.thread(7, stack);
    dump.exception = Some(7);
    dump.build()
}

/// A dump within all limits whose walk takes some 60 MB: 300 stacks, and 20,000 frames kept.
fn large_dump() -> Vec<u8> {
    let mut dump = Synthetic::new();
    for id in 0..300 {
        let address = STACK + u64::from(id) * (1 << 20);
        let stack = dump.memory(address, frame_chain(address, 64 << 10, CODE + 0x200));
        dump.thread(id, stack);
    }
    dump.build()
}

fn is_alive(pid: u32) -> bool {
    // A zombie is dead.
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().starts_with(" Z"))
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..SOON.as_millis() / 20 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain: {what}");
}

fn a_dump_inside_of_a_larger_file_is_walked() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let dump = small_dump();
    let around = [&b"some envelope "[..], &dump, b" and its index"].concat();
    let mut request = ground.write("envelope", &around);
    (request.offset, request.length) = (14, dump.len() as u64);
    let walk = ground.walk(&pool, request.clone()).unwrap();
    assert_eq!(walk.json_dump.value().unwrap()["crashing_thread"]["thread_id"], 7);
    assert_eq!(walk.json_dump.value().unwrap()["status"], "OK");
    assert!(!walk.truncation.any());
    assert_eq!((walk.symbols_failed, walk.symbols_absent), (0, 1));
    request.length += 1_000_000;
    let error = ground.walk(&pool, request).unwrap_err();
    assert!(matches!(&error, WalkError::Io(message) if message.contains("bytes")), "{error}");
}

fn unreadable_dumps_are_named_and_cost_no_worker() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let good = small_dump();
    ground.walk(&pool, ground.write("good", &good)).unwrap();
    let worker = only_idle(&pool);
    for (bytes, name) in [
        (&[][..], "EmptyMinidump"),
        (&good[..4], "MissingHeader"),
        (&good[..31], "MissingHeader"),
        (&good[..32], "MissingDirectory"),
        (&[b'x'; 999], "HeaderMismatch"),
    ] {
        let error = ground.walk(&pool, ground.write("bad", bytes)).unwrap_err();
        assert!(
            matches!(&error, WalkError::Unreadable { status, .. } if status == name),
            "{error}"
        );
    }
    let missing = request(ground.folder.path().join("missing"), 1);
    assert!(matches!(ground.walk(&pool, missing), Err(WalkError::Io(_))));
    assert_eq!(only_idle(&pool), worker);
}

fn a_worker_killed_in_mid_dump_is_told_and_replaced() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let good = ground.write("good", &small_dump());
    ground.walk(&pool, good.clone()).unwrap();
    let worker = only_idle(&pool);
    let endless = ground.endless();
    let error = ground.runtime.block_on(async {
        let walk = pool.walk(endless, WalkLane::Common);
        let killer = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            kill(worker);
        };
        tokio::join!(walk, killer).0.unwrap_err()
    });
    let WalkError::Died { how, .. } = error else { panic!("{error}") };
    assert!(how.contains("SIGKILL"), "{how}");
    ground.walk(&pool, good).unwrap();
    assert_ne!(only_idle(&pool), worker);
}

fn a_worker_killed_while_idle_is_replaced_unnoticed() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let good = ground.write("good", &small_dump());
    for _ in 0..3 {
        ground.walk(&pool, good.clone()).unwrap();
        let worker = only_idle(&pool);
        kill(worker);
        wait_for("the killed worker is gone", || !is_alive(worker));
    }
}

fn the_watchdog_kills_a_walk_that_takes_too_long() {
    let ground = Ground::new();
    let mut options = ground.options();
    options.walk_time_max = Duration::from_millis(500);
    let pool = Pool::new(options);
    let endless = ground.endless();
    let error = ground.walk(&pool, endless).unwrap_err();
    assert!(matches!(error, WalkError::TimedOut { .. }), "{error}");
    assert!(pool.idle_workers().is_empty());
    // On a busy machine a good dump may overrun this test's limit as well.
    let pool = Pool::new(ground.options());
    ground.walk(&pool, ground.write("good", &small_dump())).unwrap();
}

fn a_dump_that_wants_too_much_memory_kills_only_its_worker() {
    let ground = Ground::new();
    let mut options = ground.options();
    options.address_space_bytes = 40 << 20;
    let pool = Pool::new(options);
    let error = ground.walk(&pool, ground.write("large", &large_dump()));
    let Err(WalkError::Died { how, stderr_tail, .. }) = error else { panic!("it did not die") };
    assert!(how.contains("SIGABRT"), "{how}");
    assert!(stderr_tail.contains("memory allocation of"), "{stderr_tail}");
    ground.walk(&pool, ground.write("good", &small_dump())).unwrap();
}

fn a_worker_has_limits_of_its_own() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    ground.walk(&pool, ground.write("good", &small_dump())).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", only_idle(&pool))).unwrap();
    let bytes = |name: &str| -> u64 {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let [soft, hard, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(soft, hard, "{name}");
        soft.parse().unwrap_or(u64::MAX)
    };
    assert_eq!(bytes("Max core file size"), 0);
    assert!(bytes("Max data size") < 2 << 30);
    assert!(bytes("Max address space") < 8 << 30);
}

fn a_stack_overflow_fits_into_a_small_address_space() {
    let ground = Ground::new();
    let mut options = ground.options();
    options.address_space_bytes = 128 << 20;
    let pool = Pool::new(options);
    for stack in [frame_chain(STACK, 8 << 20, CODE + 0x200), return_addresses(8 << 20)] {
        let mut dump = Synthetic::new();
        let stack = dump.memory(STACK, stack);
        dump.thread(1, stack);
        dump.exception = Some(1);
        let walk = ground.walk(&pool, ground.write("overflow", &dump.build())).unwrap();
        assert_eq!(walk.truncation.stacks_cut, 1);
        assert!(walk.json_dump.value().unwrap().get("truncation").is_some());
    }
}

fn a_worker_is_recycled_after_its_number_of_dumps() {
    let ground = Ground::new();
    let mut options = ground.options();
    options.dumps_max = 3;
    let pool = Pool::new(options);
    let good = ground.write("good", &small_dump());
    for _ in 0..2 {
        ground.walk(&pool, good.clone()).unwrap();
        let worker = only_idle(&pool);
        ground.walk(&pool, good.clone()).unwrap();
        assert_eq!(only_idle(&pool), worker);
        ground.walk(&pool, good.clone()).unwrap();
        assert!(pool.idle_workers().is_empty());
        wait_for("the worn-out worker is gone", || !is_alive(worker));
    }
}

fn a_worker_that_has_grown_is_recycled() {
    let ground = Ground::new();
    let mut options = ground.options();
    options.resident_bytes_max = 1;
    let pool = Pool::new(options);
    ground.walk(&pool, ground.write("good", &small_dump())).unwrap();
    assert!(pool.idle_workers().is_empty());
}

fn a_priority_walk_does_not_wait_for_the_common_lane() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let good = ground.write("good", &small_dump());
    let endless = ground.endless();
    ground.runtime.block_on(async {
        let mut busy = std::pin::pin!(pool.walk(endless, WalkLane::Common));
        assert!((&mut busy).now_or_never().is_none());
        let urgent = pool.walk(good.clone(), WalkLane::Priority);
        let walk = tokio::select! {
            result = &mut busy => panic!("the endless dump ended: {result:?}"),
            walk = urgent => walk,
        };
        walk.unwrap();
        let common = pool.walk(good, WalkLane::Common);
        let waited = tokio::time::timeout(Duration::from_millis(300), common).await;
        assert!(waited.is_err(), "the common lane has one seat, and it is taken");
    });
}

fn a_dropped_walk_frees_its_seat_and_kills_its_worker() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let good = ground.write("good", &small_dump());
    ground.walk(&pool, good.clone()).unwrap();
    let worker = only_idle(&pool);
    let endless = ground.endless();
    ground.runtime.block_on(async {
        let walk = pool.walk(endless, WalkLane::Common);
        assert!(tokio::time::timeout(Duration::from_millis(200), walk).await.is_err());
    });
    wait_for("the worker of the dropped walk is gone", || !is_alive(worker));
    ground.walk(&pool, good).unwrap();
}

/// Another process: keeps a pool with one idle worker and one inside of an endless dump, and writes
/// their ids into a file.
fn hold_a_pool(folder: &Path) {
    let mut options = PoolOptions::new(Vec::new(), folder.join("cache"), 2);
    options.walk_time_max = 2 * SOON;
    let pool = Pool::new(options);
    let good = folder.join("good");
    fs::write(&good, small_dump()).unwrap();
    let good = request(good, small_dump().len());
    let endless = folder.join("endless");
    make_pipe(&endless);
    Runtime::new().unwrap().block_on(async {
        let both = [good.clone(), good.clone()].map(|dump| pool.walk(dump, WalkLane::Common));
        futures::future::join_all(both).await;
        let ids: Vec<String> = pool.idle_workers().iter().map(u32::to_string).collect();
        let mut busy = std::pin::pin!(pool.walk(request(endless, 9), WalkLane::Common));
        assert!((&mut busy).now_or_never().is_none());
        fs::write(folder.join("tmp"), ids.join("\n")).unwrap();
        fs::rename(folder.join("tmp"), folder.join("ids")).unwrap();
        busy.await.unwrap();
    });
}

/// Whoever replaces symbols must do it by a rename; somebody will write over them all the same.
fn symbols_cut_in_place_cost_at_most_the_worker_that_has_them_open() {
    const ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let folder = ground.folder.path().join("symbols/app").join(ID);
    fs::create_dir_all(&folder).unwrap();
    // Far larger than a page: what is cut off is mapped and has no bytes any more.
    let lines = (0..20_000).map(|line| format!("FUNC {:x} 10 0 f{line}\n", line * 16));
    let text: String =
        std::iter::once(format!("MODULE Linux x86_64 {ID} app\n")).chain(lines).collect();
    let symbols = folder.join("app.sym");
    fs::write(&symbols, &text).unwrap();
    let mut dump = Synthetic::new();
    let stack = dump.memory(STACK, frame_chain(STACK, 160, CODE + 0x200));
    dump.thread(7, stack);
    dump.modules = vec![Module::new("app", CODE).with_debug(ID, b"app")];
    let dump = ground.write("dump", &dump.build());
    let whole = ground.walk(&pool, dump.clone()).unwrap();
    assert!(whole.json_dump.get().contains("\"f31\""), "{}", whole.json_dump.get());

    let indexes: Vec<PathBuf> = files_below(&ground.folder.path().join("cache"));
    assert!(!indexes.is_empty());
    for path in indexes.iter().chain([&symbols]) {
        fs::File::options().write(true).open(path).unwrap().set_len(0).unwrap();
        match ground.walk(&pool, dump.clone()) {
            Ok(walk) => assert!(
                walk.json_dump == whole.json_dump || walk.symbols_failed + walk.symbols_absent > 0,
                "half of the symbols are never taken for all: {}",
                walk.json_dump.get()
            ),
            Err(error) => assert!(matches!(error, WalkError::Died { .. }), "{error}"),
        }
    }
    let aside = folder.join("aside");
    fs::write(&aside, &text).unwrap();
    fs::rename(&aside, &symbols).unwrap();
    assert_eq!(ground.walk(&pool, dump).unwrap().json_dump, whole.json_dump);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

fn workers_end_when_their_pool_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .arg(HOLDER)
        .arg(folder.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let ids = folder.path().join("ids");
    wait_for("the other process has its pool", || ids.exists());
    let ids = fs::read_to_string(ids).unwrap();
    let workers: Vec<u32> = ids.lines().map(|id| id.parse().unwrap()).collect();
    assert_eq!(workers.len(), 2);
    assert!(workers.iter().all(|worker| is_alive(*worker)));
    holder.kill().unwrap();
    holder.wait().unwrap();
    wait_for("the workers are gone", || !workers.iter().any(|worker| is_alive(*worker)));
}

fn a_program_that_is_no_worker_is_told() {
    let ground = Ground::new();
    let good = ground.write("good", &small_dump());
    let mut options = ground.options();
    options.program = PathBuf::from("/nonexistent");
    let error = ground.walk(&Pool::new(options.clone()), good.clone()).unwrap_err();
    assert!(matches!(error, WalkError::Start(_)), "{error}");
    options.program = PathBuf::from("/bin/sh");
    options.arguments = ["-c", "echo what; exit 3"].map(OsString::from).to_vec();
    let error = ground.walk(&Pool::new(options), good).unwrap_err();
    assert!(matches!(error, WalkError::Start(_)), "{error}");
}

fn nothing_but_answers_reaches_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    fs::write(&path, small_dump()).unwrap();
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .arg(WORKER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let hello = serde_json::json!(
        {"stores": [], "cache": folder.path(), "address_space_bytes": 1_u64 << 30}
    );
    let request = serde_json::json!({
        "crash_id": "0b794045-87ec-4649-9ce1-73ec00261124",
        "path": path,
        "offset": 0,
        "length": small_dump().len(),
        "hints": {"module_signature_info": null, "cpu_microcode_version": null},
    });
    let stdin = worker.stdin.as_mut().unwrap();
    write!(stdin, "{hello}\n{request}\n{request}\n").unwrap();
    let mut stdout = worker.stdout.take().unwrap();
    let mut two_answers = Vec::new();
    let mut byte = [0];
    let mut read_line = |stdout: &mut std::process::ChildStdout| -> serde_json::Value {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            stdout.read_exact(&mut byte).expect("an answer's line");
            line.extend(byte);
        }
        serde_json::from_slice(&line).unwrap()
    };
    assert_eq!(read_line(&mut stdout), "ready");
    for _ in 0..2 {
        assert_eq!(read_line(&mut stdout), "begun");
        let line = read_line(&mut stdout);
        let length = line["walked"]["json_bytes"].as_u64().unwrap();
        let mut json = vec![0; usize::try_from(length).unwrap()];
        stdout.read_exact(&mut json).unwrap();
        two_answers.push(serde_json::from_slice::<serde_json::Value>(&json).unwrap());
    }
    assert_eq!(two_answers[0], two_answers[1]);
    drop(worker.stdin.take());
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    assert!(worker.wait().unwrap().success());
}
