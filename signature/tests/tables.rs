//! Tables of data, `tables/*.jsonl`: a line of `[input, expected]` each, `#` begins a comment. All that
//! both have was compared with Mozilla's generator when it was written; `pypi.rs` does so at length.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use auxilio_signature::{CrashData, Generator, ListTexts, Lists, Signature, Style, generate};
use serde_json::{Value, json};

/// The cases of a table; fewer than these are no table.
fn cases(table: &str, at_least: usize) -> Vec<(Value, String)> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let cases: Vec<_> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= at_least, "{} cases", cases.len());
    cases
}

fn made(crash: &Value) -> Signature {
    let crash = CrashData::from_json(&crash.to_string()).unwrap();
    generate(&crash, &Lists::default())
}

fn assert_all(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn compare(table: &str, at_least: usize, made: impl Fn(&Value) -> String) {
    let cases = cases(table, at_least);
    let wrong = cases.iter().filter_map(|(input, expected)| {
        let made = made(input);
        (made != *expected)
            .then(|| format!("{input}\n  made     {made:?}\n  expected {expected:?}"))
    });
    assert_all(&wrong.collect::<Vec<_>>());
}

fn name(function: &Value, file: Option<&str>) -> String {
    let frame = json!({"function": function, "file": file, "line": 7});
    made(&json!({"threads": [{"frames": [frame]}]})).proto_signature().unwrap().to_owned()
}

#[test]
fn names_of_c_and_cpp() {
    compare(include_str!("tables/cpp.jsonl"), 170, |function| name(function, None));
}

#[test]
fn names_of_rust() {
    compare(include_str!("tables/rust.jsonl"), 50, |function| name(function, Some("/b/x.rs")));
}

#[test]
fn frames_of_all_kinds() {
    compare(include_str!("tables/frames.jsonl"), 75, |crash| {
        made(crash).proto_signature().unwrap().to_owned()
    });
}

#[test]
fn all_rules() {
    compare(include_str!("tables/rules.jsonl"), 140, |crash| made(crash).signature);
}

#[test]
fn java() {
    compare(include_str!("tables/java.jsonl"), 70, |crash| made(crash).signature);
}

/// Frames with `/` between them, lists in words: `d` and what follows are prefixes, `i` irrelevant.
fn walked(names: &str) -> String {
    let lists = Lists::compile(
        "test",
        &ListTexts {
            irrelevant: "i$\ni2\n(?i)IGN",
            prefix: "d$\ne$\nf.*x$\n.*\\.dll$\n.*\\.so$\nXUL$\n<\n\\(unloaded",
            sentinels: "sentinel\ni2",
            line_numbers: "js_Interpret$",
            ..ListTexts::default()
        },
    )
    .unwrap();
    let frame = |name: &str| match name.strip_prefix("module ") {
        Some(module) => json!({"module": module}),
        None => json!({"function": name, "line": 7}),
    };
    let frames: Vec<Value> = names.split_terminator('/').map(frame).collect();
    let crash = json!({"threads": [{"frames": frames}]}).to_string();
    generate(&CrashData::from_json(&crash).unwrap(), &lists).signature
}

#[test]
fn lists_choose_frames() {
    let wrong: Vec<String> = [
        ("a", "a"),
        ("d/a", "d | a"),
        ("i/a", "a"),
        ("i/d/i/e/g/h", "d | e | g"),
        ("d/e", "d | e"),
        ("d/d/d/g", "d | d | d | g"),
        // A pattern is matched from the start; `$` ends it, and without it more may follow.
        ("di/g", "di"),
        ("i2more/a", "a"),
        ("xi/a", "xi"),
        ("ignored/a", "a"),
        ("f1x/a", "f1x | a"),
        ("f1xy/a", "f1xy"),
        // The walk begins at the earliest sentinel, by its whole name.
        ("d/e/sentinel/a", "sentinel"),
        ("a/sentinel", "sentinel"),
        ("d/sentinel2/a", "d | sentinel2"),
        ("a/sentinel/b/sentinel", "sentinel"),
        // One that is irrelevant is passed over, and the walk goes on after it.
        ("a/i2/b", "b"),
        ("a/i2/d/b", "d | b"),
        ("a/i2", "i2"),
        // All are irrelevant: the first one stands for them.
        ("i", "i"),
        ("i/i2x/i", "i"),
        // A row of one library is said once; other names are repeated.
        ("module a.dll/module a.dll/b", "a.dll | b"),
        ("module a.dll/module A.dll/b", "a.dll | A.dll | b"),
        ("module a.so/module a.so/b", "a.so | b"),
        ("module XUL/module XUL/b", "XUL | b"),
        ("<name omitted>/<name omitted>/b", "<name omitted> | b"),
        ("<unknown in a.dll>/<unknown in a.dll>/b", "<unknown in a.dll> | b"),
        ("module a.dll/i/module a.dll/b", "a.dll | b"),
        ("module a.dll/module b.dll/module a.dll/b", "a.dll | b.dll | a.dll | b"),
        (
            "module (unloaded a.dll/module (unloaded a.dll/b",
            "(unloaded a.dll | (unloaded a.dll | b",
        ),
        ("module x/module x/b", "x"),
        // The line stands in the name before the lists see it.
        ("js_Interpret(int)/a", "js_Interpret:7"),
        ("", "EMPTY: no frame data available"),
    ]
    .into_iter()
    .filter_map(|(names, expected)| {
        let made = walked(names);
        (made != expected).then(|| format!("{names}: {made}, not {expected}"))
    })
    .collect();
    assert_all(&wrong);
    // Without a line its text is Python's for nothing.
    let lists = ListTexts { line_numbers: "js_Interpret$", ..ListTexts::default() };
    let lists = Lists::compile("test", &lists).unwrap();
    let crash = CrashData::from_json(r#"{"threads":[{"frames":[{"function":"js_Interpret"}]}]}"#);
    assert_eq!(generate(&crash.unwrap(), &lists).signature, "js_Interpret:None");
}

#[test]
fn the_watchdogs_first_thread_is_chosen_by_the_same_lists() {
    // Mozilla's generator takes its own lists here, whatever lists it was given.
    let lists = ListTexts { irrelevant: "wait$", prefix: "queue$", ..ListTexts::default() };
    let lists = Lists::compile("test", &lists).unwrap();
    let crash = r#"{"crashing_thread":1,"threads":[
        {"frames":[{"function":"wait"},{"function":"queue"},{"function":"f"}]},
        {"frames":[{"function":"RunWatchdog(void*)"}]}]}"#;
    let made = generate(&CrashData::from_json(crash).unwrap(), &lists);
    assert_eq!(made.signature, "shutdownhang | queue | f");
    assert_eq!(made.normalized_frames.iter().collect::<Vec<_>>(), ["wait", "queue", "f"]);
}

#[test]
fn the_style_of_2012_marks_hangs_and_says_which_thread_is_not_known() {
    let lists = ListTexts { irrelevant: "[abc]$", prefix: "[def]$", ..ListTexts::default() };
    let lists = Lists::compile("test", &lists).unwrap();
    let generator = Generator::new(&lists).with_style(Style::Socorro2012);
    let alphabet: Vec<Value> = "abcdefgh".chars().map(|name| json!({"function": name})).collect();
    for (hang, thread, frames, expected) in [
        (json!(null), json!(0), json!(alphabet), "d | e | f | g"),
        (json!(0), json!(0), json!(alphabet), "d | e | f | g"),
        (json!(-1), json!(0), json!(alphabet), "hang | d | e | f | g"),
        (json!("1"), json!(0), json!(alphabet), "chromehang | d | e | f | g"),
        (json!(null), json!(null), json!(alphabet), "EMPTY: no crashing thread identified"),
        (json!(null), json!(0), json!([]), "EMPTY: no frame data available"),
        (json!(null), json!(0), json!([{"function": "a"}, {"function": "b"}]), "a"),
        (json!(-1), json!(0), json!([]), "hang"),
    ] {
        let crash =
            json!({"hang": hang, "crashing_thread": thread, "threads": [{"frames": frames}]});
        let made = generator.generate(&CrashData::from_json(&crash.to_string()).unwrap());
        assert_eq!(made.signature, expected, "{crash}");
    }
}

#[test]
fn an_explanation_tells_each_step() {
    let lists = ListTexts { irrelevant: "# waits\nwait$", prefix: "q", ..ListTexts::default() };
    let lists = Lists::compile("ours", &lists).unwrap();
    let crash = r#"{"reason":"EXCEPTION_STACK_OVERFLOW","threads":[{"frames":[{"module":"m","function":"wait"},{},
        {"function":"queue(int)"},{"function":"f"}]}]}"#;
    let crash = CrashData::from_json(crash).unwrap();
    let (made, steps) = Generator::new(&lists).explain(&crash);
    assert_eq!(made, generate(&crash, &lists));
    assert_eq!(
        steps,
        [
            "frames: no thread is said to have crashed, so the first; names: 4",
            "frames: name 0 \"wait\" is irrelevant: passed over (ours irrelevant list, line 2: wait$)",
            "frames: name 1 \"\" is blank: passed over",
            "frames: name 2 \"queue\" is a prefix: taken, and the walk goes on (ours prefix list, line 1: q)",
            "frames: name 3 \"f\" is in no list: taken, and the walk ends",
            "frames: signature \"queue | f\"",
            "stack_overflow: signature \"stackoverflow | queue | f\"",
        ]
    );
}
