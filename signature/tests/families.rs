//! The built-in lists on stacks of every platform, `tables/families.txt`: no allocator, abort, panic,
//! lock, memory or wait routine stands first.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use auxilio_signature::{CrashData, Lists, generate};
use serde_json::{Value, json};

const OWN: &str = "demo::blame_me";

fn frame(name: &str) -> Value {
    match name.split_once(' ') {
        Some(("module", module)) => json!({"module": module}),
        Some(("@", address)) => json!({"offset": address}),
        _ => json!({"function": name}),
    }
}

fn signature(frames: &str) -> String {
    let mut frames: Vec<Value> = frames.split(" / ").map(frame).collect();
    frames.push(frame("demo::blame_me(int)"));
    // Only Windows writes its modules in small letters.
    let windows = frames.iter().any(|frame| frame.to_string().to_lowercase().contains(".dll"));
    let os = if windows { "Windows NT" } else { "Linux" };
    let crash = json!({"os": os, "threads": [{"frames": frames}]}).to_string();
    generate(&CrashData::from_json(&crash).unwrap(), Lists::built_in()).signature
}

#[test]
fn no_routine_of_any_platform_stands_first() {
    let table = include_str!("tables/families.txt");
    let lines: Vec<&str> =
        table.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    assert!(lines.len() > 400, "{}", lines.len());
    let wrong = lines.iter().filter_map(|line| {
        let (frames, expected) = line.split_once(" => ").unwrap_or((line, OWN));
        let made = signature(frames);
        (made != expected).then(|| format!("{frames}\n  made     {made}\n  expected {expected}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_routine_alone_is_passed_over_wherever_it_stands() {
    let table = include_str!("tables/families.txt");
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    let wrong: Vec<String> = lines
        .filter(|line| !line.contains(" => "))
        .flat_map(|line| line.split(" / "))
        .map(|routine| (routine, signature(routine)))
        .filter(|(_, made)| made != OWN)
        .map(|(routine, made)| format!("{routine}: {made}"))
        .collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
