//! Signatures per second and core: ours beside Mozilla's `siggen` from PyPI, on the same stacks in
//! one run.
//!
//! `cargo bench -p auxilio-benches --bench signature`. `siggen` is installed into a folder that goes
//! afterwards; without a network the reference is the plainest work that any generator must do.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod cpu;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use auxilio_signature::{CrashData, Lists, generate};
use auxilio_testkit::hostile_names::{PARTS, repeated};
use auxilio_testkit::splitmix::SplitMix;
use serde_json::{Value, json};

const CRASHES: u64 = 2_000;

const PYTHON: &str = r#"
import json, sys, time
from siggen.generator import SignatureGenerator
generator = SignatureGenerator()
crashes = [json.loads(line) for line in open(sys.argv[1])]
begin = time.process_time()
results = [generator.generate(crash) for crash in crashes]
seconds = time.process_time() - begin
protos = [result.extra.get("proto_signature") for result in results]
json.dump({"seconds": seconds, "protos": protos}, sys.stdout)
"#;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let crashes: Vec<Value> = (0..CRASHES).map(crash).collect();
    let lines: Vec<String> = crashes.iter().map(Value::to_string).collect();
    // From lines on both sides, as a processor reads them: so each crash lies in memory.
    let data: Vec<CrashData> =
        lines.iter().map(|line| CrashData::from_json(line).unwrap()).collect();
    let lists = Lists::built_in();
    let ours = cpu::seconds(|| {
        for crash in &data {
            black_box(generate(crash, lists));
        }
    }) / data.len() as f64;
    println!("ours: {:.0} signatures/s and core", 1.0 / ours);
    // Stacks that stay in the processor's cache, as that of a crash that was just read does.
    let few = cpu::seconds(|| {
        for crash in data[..100].iter().cycle().take(data.len()) {
            black_box(generate(crash, lists));
        }
    }) / data.len() as f64;
    println!("ours, 100 stacks again and again: {:.0} signatures/s and core", 1.0 / few);
    hostile(lists);

    let input = folder.path().join("crashes.jsonl");
    fs::write(&input, lines.join("\n")).unwrap();
    match siggen(folder.path(), &input) {
        Some(answer) => beside(&answer, ours, &data, lists),
        None => plainest(&data, ours),
    }
}

/// Bytes of a hostile crash.
const HOSTILE_BYTES: usize = 1_000_000;

/// CPU time that the measurement of a hostile crash takes at least: there are hundreds.
const HOSTILE_MEASURED: Duration = Duration::from_millis(20);

/// What hostile crashes cost: the worst of many of 1 MB, and four of 100 kB.
fn hostile(lists: &Lists) {
    // A thread remembers the last long name: another one comes between.
    let other = json!({"threads": [{"frames": [{"function": "f".repeat(1_000)}]}]}).to_string();
    let other = CrashData::from_json(&other).unwrap();
    let cost = |crash: &CrashData| {
        let run = || drop(black_box((generate(crash, lists), generate(&other, lists))));
        cpu::seconds_over(HOSTILE_MEASURED, run) * 1_000.0
    };
    for (name, function) in [
        ("100 kB of templates", format!("f{}", "<a".repeat(50_000))),
        ("100 kB of arguments", format!("f({})", "a, ".repeat(33_000))),
        ("100 kB of spaces", " ".repeat(100_000)),
        ("100 kB of letters", "a".repeat(100_000)),
    ] {
        let crash = json!({"threads": [{"frames": [{"function": function}]}]});
        let crash: CrashData = serde_json::from_value(crash).unwrap();
        println!("ours: {name}: {:.3} ms", cost(&crash));
    }
    let mut worst = (0.0, String::new(), "");
    let mut tried = 0;
    for part in PARTS {
        for (shape, crash) in shapes(part) {
            let crash: CrashData = serde_json::from_value(crash).unwrap();
            let cost = cost(&crash);
            tried += 1;
            if cost > worst.0 {
                worst = (cost, (*part).to_owned(), shape);
            }
        }
    }
    let (cost, part, shape) = worst;
    println!("ours: the worst of {tried} crashes of 1 MB, {part:?} as {shape}: {cost:.1} ms");
}

/// A part of a name in all places of a crash of 1 MB.
fn shapes(part: &str) -> [(&'static str, Value); 6] {
    let whole = repeated(part, HOSTILE_BYTES);
    let frames = |count: usize, frame: &dyn Fn(String) -> Value| {
        // Each is another one, so that none is remembered.
        let text = |place: usize| format!("{}{place}", repeated(part, HOSTILE_BYTES / count));
        let frames: Vec<Value> = (0..count).map(|place| frame(text(place))).collect();
        json!({"threads": [{"frames": frames}]})
    };
    let function = |name: String| json!({"function": name});
    let module = |name: String| json!({"module": name, "module_offset": "0x1", "offset": "0x1"});
    let lines = format!(
        "java.lang.X: {}",
        format!("\n\tat {}(A.java:1)", repeated(part, 60)).repeat(20_000)
    );
    [
        ("one function", json!({"threads": [{"frames": [{"function": whole}]}]})),
        ("40 functions", frames(40, &function)),
        ("10,000 functions", frames(10_000, &function)),
        ("40 modules", frames(40, &module)),
        ("a Java stack", json!({"java_stack_trace": lines})),
        (
            "an abort message",
            json!({"abort_message": whole, "threads": [{"frames": [{"function": "f"}]}]}),
        ),
    ]
}

fn beside(answer: &Value, ours: f64, data: &[CrashData], lists: &Lists) {
    let theirs = answer["seconds"].as_f64().unwrap() / data.len() as f64;
    println!("siggen 2.2: {:.0} signatures/s and core", 1.0 / theirs);
    println!("ours is {:.0} times as fast", theirs / ours);
    let protos = answer["protos"].as_array().unwrap();
    let different: Vec<_> = data
        .iter()
        .zip(protos)
        .map(|(crash, theirs)| {
            (generate(crash, lists).proto_signature().map(str::to_owned), theirs.as_str())
        })
        .filter(|(ours, theirs)| ours.as_deref() != *theirs)
        .collect();
    println!("{} of {} proto signatures are equal", data.len() - different.len(), data.len());
    for (ours, theirs) in different.iter().take(3) {
        println!("  ours   {}\n  siggen {}", ours.as_deref().unwrap_or("-"), theirs.unwrap_or("-"));
    }
}

/// Where there is no `siggen`: joining the names of all frames, which tells nothing of their rules.
fn plainest(data: &[CrashData], ours: f64) {
    let join = |crash: &CrashData| {
        let threads = crash.threads.iter().flatten();
        let frames = threads.flat_map(|thread| thread.frames.iter().flatten());
        frames.filter_map(|frame| frame.function.as_deref()).collect::<Vec<_>>().join(" | ")
    };
    let cost = cpu::seconds(|| {
        for crash in data {
            black_box(join(crash));
        }
    }) / data.len() as f64;
    println!("no siggen here; joining the frames' names alone takes {:.3} of ours", cost / ours);
}

fn siggen(folder: &Path, input: &Path) -> Option<Value> {
    let environment = folder.join("python");
    let succeeds =
        |command: &mut Command| command.status().ok().filter(std::process::ExitStatus::success);
    succeeds(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let program = |name: &str| -> PathBuf { environment.join("bin").join(name) };
    succeeds(Command::new(program("pip")).args(["install", "--quiet", "siggen==2.2.20241029"]))?;
    let output = Command::new(program("python")).args(["-c", PYTHON]).arg(input).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// A stack as browsers have them, by a seed.
fn crash(seed: u64) -> Value {
    let mut random = SplitMix::new(seed);
    let count = 5 + random.below(50);
    let frames: Vec<Value> = (0..count).map(|_| frame(&mut random)).collect();
    let os = *random.pick(&["Windows NT", "Linux", "Mac OS X"]);
    json!({"os": os, "crashing_thread": 0, "reason": "SIGSEGV", "threads": [{"frames": frames}]})
}

const FUNCTIONS: &[&str] = &[
    "static void mozilla::dom::Foo<T, U>::Bar(nsTArray<int> const&) const",
    "mozilla::layers::CompositorBridgeParent::CompositeToTarget(mozilla::layers::BaseTransactionId<mozilla::VsyncIdType>, mozilla::gfx::DrawTarget*, mozilla::gfx::IntRectTyped<mozilla::gfx::UnknownUnits> const*)",
    "void std::__1::vector<std::__1::basic_string<char>, std::__1::allocator<char> >::push_back(char const *,int)",
    "js::jit::MaybeEnterJit(JSContext*, js::RunState&)",
    "`anonymous namespace'::ThreadFunc(void *)",
    "mozilla::(anonymous namespace)::RunIt(void*) &&",
    "mozilla::Foo::operator()(int, bool) const",
    "memcpy",
    "NtWaitForSingleObject",
    "free",
    "pthread_cond_wait@@GLIBC_2.3.2",
    "-[NSApplication nextEventMatchingMask:untilDate:inMode:dequeue:]",
    "foo(int) [clone .cold.22]",
    "<unknown in igd10umd64.dll>",
    "A::f()::$_12::g(int)",
];

const RUST: &[&str] = &[
    "core::panicking::panic_fmt",
    "<style::properties::Foo<T> as core::ops::drop::Drop>::drop::h0123456789abcdef",
    "alloc::sync::Arc<webrender::scene::Scene>::drop_slow",
    "std::sys_common::backtrace::__rust_begin_short_backtrace<closure, ()>(closure)",
];

fn frame(random: &mut SplitMix) -> Value {
    let offset = format!("0x{:016x}", random.below(1 << 47));
    match random.below(20) {
        0 => json!({"offset": offset}),
        1 | 2 => json!({"module": "XUL.dll", "module_offset": "0x1234", "offset": offset}),
        3 => json!({"module": "a.so", "file": "hg:h:p/q.cpp:abc", "line": 7, "offset": offset}),
        4 => json!({"unloaded_modules": [{"module": "gone.dll"}], "offset": offset}),
        5..=7 => {
            let file = "git:github.com/rust-lang/rust:library/core/src/panicking.rs:abc";
            json!({"function": *random.pick(RUST), "file": file, "line": 72, "offset": offset})
        }
        8 => {
            let inline = json!({"function": *random.pick(FUNCTIONS), "file": "a.h", "line": 1});
            json!({"function": *random.pick(FUNCTIONS), "inlines": [inline], "offset": offset})
        }
        _ => {
            json!({"module": "xul.dll", "function": *random.pick(FUNCTIONS), "line": 5, "offset": offset})
        }
    }
}
