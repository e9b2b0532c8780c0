//! Hostile crashes cost work that grows as their length does, and is bounded for each byte.

use std::cell::Cell;

use auxilio_testkit::hostile_names::{PARTS, repeated};
use serde_json::{Value, json};

use crate::{CrashData, Generator, Lists};

thread_local! {
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

pub(super) fn count(bytes: usize) {
    LOOKED_AT.set(LOOKED_AT.get() + bytes);
}

/// Bytes that are looked at for each byte of a crash. A name is asked for three times: for the frame, for
/// the group key and for what is kept of the crash. Each time a dozen steps may look at it.
const LOOKS_MAX: usize = 60;

/// What does not grow with a crash: the names of the rules, the lists, forty short frames.
const BYTES_ANYHOW: usize = 4_096;

/// A crash of so many bytes in which a text stands where it may.
fn shapes(part: &str, bytes: usize) -> [(&'static str, Value); 8] {
    let text = repeated(part, bytes);
    let frames = |count: usize, frame: &dyn Fn(String) -> Value| {
        // Each is another one, so that none is remembered.
        let text = |place: usize| format!("{}{place}", repeated(part, bytes / count));
        let frames: Vec<Value> = (0..count).map(|place| frame(text(place))).collect();
        json!({"threads": [{"frames": frames}]})
    };
    let function = |name: String| json!({"function": name});
    let rust = |name: String| json!({"function": name, "file": "/x.rs"});
    let module = |name: String| json!({"module": name, "module_offset": "0x1", "offset": "0x1"});
    let lines = format!("java.lang.X: @{text}\n\tat {text}(A.java:1)");
    [
        ("one function", frames(1, &function)),
        ("one function of Rust", frames(1, &rust)),
        ("40 functions", frames(40, &function)),
        ("40 functions of Rust", frames(40, &rust)),
        ("40 modules", frames(40, &module)),
        (
            "a file and an offset",
            json!({"threads": [{"frames": [{"file": text, "line": 1, "offset": text}]}]}),
        ),
        (
            "an abort message",
            json!({"abort_message": text, "threads": [{"frames": [{"function": "f"}]}]}),
        ),
        ("a Java stack", json!({"java_stack_trace": lines})),
    ]
}

/// What is looked at while a crash is signed, and reduced to what is kept of it.
fn work(crash: &Value) -> usize {
    let crash = CrashData::from_json(&crash.to_string()).unwrap();
    LOOKED_AT.set(0);
    let made = Generator::new(Lists::built_in()).generate(&crash);
    assert!(!made.signature.is_empty());
    let reduced = crash.reduced();
    assert!(reduced.to_json().len() <= crash.to_json().len() + BYTES_ANYHOW);
    LOOKED_AT.get()
}

#[test]
fn work_grows_no_faster_than_a_hostile_crash() {
    // So long that none of forty names is remembered.
    const BYTES: usize = 32 * 1024;
    let mut worst = (0, "", "");
    for part in PARTS {
        let (small, large) = (shapes(part, BYTES), shapes(part, 2 * BYTES));
        for ((shape, small), (_, large)) in small.iter().zip(&large) {
            let (once, twice) = (work(small), work(large));
            assert!(
                twice <= once * 22 / 10 + BYTES_ANYHOW,
                "{part:?} as {shape}: {once} bytes looked at, {twice} in a crash of twice the length"
            );
            let most = LOOKS_MAX * large.to_string().len() + BYTES_ANYHOW;
            assert!(twice <= most, "{part:?} as {shape}: {twice} bytes looked at, not {most}");
            worst = worst.max((twice, part, shape));
        }
    }
    // The worst of them at the length that a crash may have.
    let (_, part, name) = worst;
    for (shape, crash) in shapes(part, 1_000_000) {
        let most = LOOKS_MAX * 1_100_000;
        let looked_at = if shape == name { work(&crash) } else { 0 };
        assert!(looked_at <= most, "{part:?} as {shape}: {looked_at} bytes looked at");
    }
}
