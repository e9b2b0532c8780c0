//! A trial over many stored stacks, measured.

use std::process::Stdio;
use std::time::Duration;

use auxilio_common::Clock;
use auxilio_database::Frames;
use auxilio_service::clock::SystemClock;
use auxilio_signature::{CrashData, Lists, generate};
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::process::Process;
use auxilio_tests::{binary, figures};
use serde_json::{Value, json};

use super::PATIENCE;
use super::installation::{Installation, row, today};

/// Stored stacks that a trial is measured over.
const STACKS: u32 = 100_000;

/// A stack as real ones are: thirty frames of a few thousand functions, some inlined, two threads.
fn long_line(random: &mut SplitMix) -> String {
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
fn a_hundred_thousand_stacks_are_tried() {
    let system = Installation::new();
    let mut random = SplitMix::new(1);
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
