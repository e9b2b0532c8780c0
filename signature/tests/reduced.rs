//! A reduced crash is signed as the whole one is, whatever the lists and the style; and it is small.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use auxilio_signature::{CrashData, Generator, ListTexts, Lists, Signature, Style};
use auxilio_testkit::splitmix::SplitMix;
use serde_json::{Value, json};

const TABLES: [&str; 3] = [
    include_str!("tables/frames.jsonl"),
    include_str!("tables/rules.jsonl"),
    include_str!("tables/java.jsonl"),
];

const FUNCTIONS: [&str; 2] = [include_str!("tables/cpp.jsonl"), include_str!("tables/rust.jsonl")];

fn inputs(table: &str) -> Vec<Value> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| serde_json::from_str::<(Value, Value)>(line).unwrap().0).collect()
}

/// Lists that differ in every kind of entry.
fn all_lists() -> Vec<Lists> {
    let texts = ListTexts {
        irrelevant: "a\nb$\nfoo.*\n@0x\nstd::",
        prefix: "c\nB\n.*RunWatchdog\nlib",
        sentinels: "ba\nd",
        line_numbers: "a\nf\nS\n.*::",
        foreign_modules: "foo\nlibc",
        ..ListTexts::default()
    };
    let own = Lists::compile("own", &texts).unwrap();
    let over = Lists::built_in().with_layer("over", &texts).unwrap();
    vec![Lists::default(), Lists::built_in().clone(), own, over]
}

/// All of a signature but its notes, which name threads by their places.
fn told(crash: &CrashData, lists: &Lists, style: Style) -> Signature {
    let made = Generator::new(lists).with_style(style).generate(crash);
    Signature { notes: Vec::new(), ..made }
}

/// The bytes of the reduced crash.
fn check(crash: &CrashData, lists: &[Lists]) -> usize {
    let text = crash.reduced().to_json();
    let reduced = CrashData::from_json(&text).unwrap();
    assert_eq!(CrashData::from_json(&text).unwrap(), reduced, "{text}");
    assert_eq!(reduced.reduced().to_json(), text, "there is nothing more to take away");
    for lists in lists {
        for style in [Style::Today, Style::Socorro2012] {
            let (whole, part) = (told(crash, lists, style), told(&reduced, lists, style));
            assert_eq!(part, whole, "{text}\n{}", serde_json::to_string(crash).unwrap());
        }
    }
    text.len()
}

#[test]
fn every_case_of_the_tables_is_signed_alike() {
    let lists = all_lists();
    let mut cases = 0;
    for crash in TABLES.iter().flat_map(|table| inputs(table)) {
        check(&CrashData::from_json(&crash.to_string()).unwrap(), &lists);
        cases += 1;
    }
    assert!(cases > 250, "{cases}");
}

#[test]
fn generated_crashes_are_signed_alike() {
    let lists = all_lists();
    let functions: Vec<Value> = FUNCTIONS.iter().flat_map(|table| inputs(table)).collect();
    let annotations: Vec<Value> = inputs(TABLES[1]);
    let mut random = SplitMix::new(8);
    let (mut whole, mut reduced) = (0, 0);
    for _ in 0..4_000 {
        let crash = crash(&mut random, &functions, &annotations);
        let crash = CrashData::from_json(&crash.to_string()).unwrap();
        whole += serde_json::to_string(&crash).unwrap().len();
        reduced += check(&crash, &lists);
    }
    assert!(reduced * 3 < whole, "{reduced} of {whole} bytes are left");
}

/// Annotations of one of the tables' cases over threads, frames and modules of any shape.
fn crash(random: &mut SplitMix, functions: &[Value], annotations: &[Value]) -> Value {
    let mut crash = random.pick(annotations).clone();
    let threads: Vec<Value> = (0..random.below(4)).map(|_| thread(random, functions)).collect();
    crash["threads"] = threads.into();
    crash["os"] = random.pick(&[json!("Windows NT"), json!("Linux"), Value::Null]).clone();
    crash["crashing_thread"] =
        random.pick(&[json!(0), json!(1), json!(2), json!(-1), json!(9), Value::Null]).clone();
    let modules = ["a.exe", "Foo.dll", "libc.so.6", "foo.DLL", ""];
    let module =
        |name: &&str| json!({"filename": name, "debug_id": format!("{name}1"), "code_id": "c"});
    let many = usize::try_from(random.below(6)).unwrap();
    crash["modules"] = modules[..many].iter().map(module).collect();
    if many > 0 && random.chance(30) {
        crash["modules"][0]["debug_id"] = Value::Null;
    }
    crash
}

fn thread(random: &mut SplitMix, functions: &[Value]) -> Value {
    let few = if random.below(20) == 0 { 60 } else { 8 };
    let frames: Vec<Value> = (0..random.below(few)).map(|_| frame(random, functions)).collect();
    json!({"frames": frames, "thread_name": random.pick(&["Worker 12", "", "main"]),
        "last_error_value": random.pick(&["ERROR_SUCCESS", "ERROR_NOT_ENOUGH_MEMORY"])})
}

fn frame(random: &mut SplitMix, functions: &[Value]) -> Value {
    let mut frame = called(random, functions);
    frame["module"] = (*random.pick(&["foo.dll", "[Foo.dll]", "a.exe", "libc.so.6", ""])).into();
    frame["module_offset"] = (*random.pick(&["0x0012", "", "0x7"])).into();
    frame["offset"] = (*random.pick(&["0x00ff", "here", ""])).into();
    if random.below(3) == 0 {
        frame["module"] = Value::Null;
    }
    if random.below(4) == 0 {
        let inlines: Vec<Value> = (0..random.below(3)).map(|_| called(random, functions)).collect();
        frame["inlines"] = inlines.into();
    }
    if random.below(4) == 0 {
        frame["unloaded_modules"] = random
            .pick(&[json!([]), json!([{}, {"module": "u.dll"}]), json!([{"module": "v.dll"}, {}])])
            .clone();
    }
    frame
}

fn called(random: &mut SplitMix, functions: &[Value]) -> Value {
    const FILES: [&str; 8] = [
        "/b/x.rs",
        "hg:h:a/b.cpp:1",
        "git:h:src/libcore/panicking.rs:1",
        "c:\\a\\b/c.cpp",
        "a\\b/c",
        "x.c",
        "",
        "/",
    ];
    let mut function = random.pick(functions).clone();
    match random.below(12) {
        0..=2 => function = Value::Null,
        3 => function = "mozilla::(anonymous namespace)::RunWatchdog(void*)".into(),
        4 => function = "Run(int)Watch<a>dog".into(),
        5 => function = "panic_fmt".into(),
        _ => {}
    }
    json!({"function": function, "file": random.pick(&FILES), "line": random.below(3)})
}

#[test]
fn nothing_but_what_signs_is_kept() {
    let crash = json!({
        "crashing_thread": 2, "os": "Linux", "reason": "SIGSEGV",
        "threads": [
            {"frames": [{"function": "secret"}], "thread_name": "secret"}, {"frames": [{"function": "secret"}]},
            {"frames": [
                {"function": "a::f(int, char*)", "file": "/home/secret/f.cpp", "line": 3, "module": "app",
                    "module_offset": "0x10", "offset": "0x7f10"},
                {"function": "g(secret)", "file": "/home/secret/g.rs", "line": 4, "module": "app", "offset": "0x1"},
                {"module": "lib", "module_offset": "0x20", "offset": "0x2"},
            ]},
        ],
        "modules": [{"filename": "main", "debug_id": "1", "code_id": "secret"}, {"filename": "secret"},
            {"filename": "lib", "code_id": "2"}, {"filename": "app", "debug_id": "3"}],
    });
    let kept = CrashData::from_json(&crash.to_string()).unwrap().reduced().to_json();
    let expected = json!({
        "crashing_thread": 1, "os": "Linux", "reason": "SIGSEGV",
        "threads": [{}, {"frames": [
            {"function": "a::f", "line": 3, "module": "app", "module_offset": "0x10"},
            {"function": "g", "file": "/.rs", "line": 4, "module": "app"},
            {"module": "lib", "module_offset": "0x20"},
        ]}],
        "modules": [{"filename": "main", "debug_id": "1"}, {"filename": "lib", "code_id": "2"},
            {"filename": "app", "debug_id": "3"}],
    });
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), expected);
}
