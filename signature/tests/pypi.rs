//! Beside Mozilla's generator: `siggen` from PyPI on thousands of generated crashes, with lists that
//! match nothing. Every difference is explained by a line of `tables/differences.jsonl`.
//!
//! For `bin/test --long`: it installs siggen into the target folder. An empty list of siggen's matches
//! everything, so that it gets lists of one pattern that nothing matches.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use auxilio_signature::{CrashData, Lists, generate};
use auxilio_testkit::splitmix::SplitMix;
use regex::Regex;
use serde_json::{Value, json};

const SIGGEN: &str = "siggen==2.2.20241029";

const CRASHES: u64 = 10_000;

const DRIVER: &str = r#"
import json, sys
from siggen.generator import SignatureGenerator
generator = SignatureGenerator(signature_list_dir=sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    result = generator.generate(json.loads(line))
    print(json.dumps([result.signature, result.extra.get("proto_signature")]))
"#;

#[test]
fn signatures_are_those_of_siggen_or_their_difference_is_explained() {
    let crashes: Vec<Value> = (0..CRASHES).map(|seed| crash(&mut SplitMix::new(seed))).collect();
    let theirs = siggen(&crashes);
    assert_eq!(theirs.len(), crashes.len());
    let mut reasons: Vec<(String, Regex, usize)> = reasons();
    let mut unexplained = String::new();
    let mut equal = 0;
    for (crash, theirs) in crashes.iter().zip(&theirs) {
        let text = crash.to_string();
        let made = generate(&CrashData::from_json(&text).unwrap(), &Lists::default());
        let ours = json!([made.signature, made.proto_signature()]);
        if ours == *theirs {
            equal += 1;
            continue;
        }
        let both = format!("{text} siggen: {theirs}");
        if let Some(reason) = reasons.iter_mut().find(|reason| reason.1.is_match(&both)) {
            reason.2 += 1;
        } else {
            writeln!(unexplained, "{text}\n  ours   {ours}\n  siggen {theirs}").unwrap();
        }
    }
    println!("{equal} of {CRASHES} are equal");
    for (reason, _, count) in &reasons {
        println!("{count} differ: {reason}");
        assert!(*count > 0, "explains no difference: {reason}");
    }
    assert!(unexplained.is_empty(), "{unexplained}");
    assert!(equal > CRASHES * 3 / 4, "{equal}");
}

fn reasons() -> Vec<(String, Regex, usize)> {
    let table = include_str!("tables/differences.jsonl");
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| serde_json::from_str::<(String, String)>(line).unwrap())
        .map(|(reason, pattern)| (reason, Regex::new(&pattern).unwrap(), 0))
        .collect()
}

/// What siggen says of each crash.
fn siggen(crashes: &[Value]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("siggen");
    let python = installed(&folder);
    let lists = folder.join("lists");
    fs::create_dir_all(&lists).unwrap();
    for list in
        ["irrelevant_signature_re", "prefix_signature_re", "signatures_with_line_numbers_re"]
    {
        fs::write(lists.join(format!("{list}.txt")), "(?!)\n").unwrap();
    }
    fs::write(lists.join("signature_sentinels.txt"), "no frame is called this\n").unwrap();
    let input = folder.join("crashes.jsonl");
    let mut file = fs::File::create(&input).unwrap();
    for crash in crashes {
        writeln!(file, "{crash}").unwrap();
    }
    let output = Command::new(python)
        .args(["-c", DRIVER])
        .args([&lists, &input])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The Python that has siggen, installed at the first run.
fn installed(folder: &Path) -> PathBuf {
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    let has = |python: &Path| {
        Command::new(python)
            .args(["-c", "import siggen"])
            .status()
            .is_ok_and(|status| status.success())
    };
    if !has(&python) {
        fs::create_dir_all(folder).unwrap();
        let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status().unwrap();
        assert!(made.success(), "python3 -m venv");
        let pip = Command::new(&python).args(["-m", "pip", "install", "--quiet", SIGGEN]).status();
        assert!(pip.unwrap().success(), "installing {SIGGEN}");
    }
    python
}

fn one_in(dice: &mut SplitMix, count: usize) -> bool {
    dice.index(count) == 0
}

fn pick<'a>(dice: &mut SplitMix, texts: &[&'a str]) -> &'a str {
    dice.pick::<&str>(texts)
}

const PIECES: &[&str] = &[
    "foo",
    "a::b",
    "Bar",
    "::",
    "<",
    ">",
    "(",
    ")",
    "<int>",
    "(int)",
    "(char const*, int)",
    " ",
    " ",
    ",",
    ", ",
    " *",
    " &",
    "[",
    "]",
    "{",
    "}",
    "`",
    "'",
    "`anonymous namespace'",
    "(anonymous namespace)",
    "::$_12::",
    "::$_",
    "operator",
    "operator()",
    "::operator==",
    "::operator<",
    "operator new",
    "const",
    " const",
    "&",
    "&&",
    "void ",
    "static ",
    " as ",
    "<A as B>",
    "name omitted",
    "<name omitted>",
    "<unknown in a.dll>",
    " in ",
    "[clone .cold.2]",
    " [clone .isra.1]",
    "::h0123456789abcdef",
    "::hg",
    "IPC::ParamTraits",
    "{{closure}}",
    "$",
    "é",
    "関数",
    "\t",
    "~X",
    "RunWatchdog",
    "->",
    "#1",
    "NS_ABORT_OOM",
    "'lambda'(int)",
    "<T>",
    "12",
    ".dll",
    "|",
    "\\",
];

const FILES: &[&str] = &[
    "/b/x.rs",
    "x.rs",
    "c:\\b\\x.rs",
    "git:g.com/r:src/x.rs:1a",
    "git:g.com/r:src/libcore/panicking.rs:1a",
    "/b/x.cpp",
    "hg:h.org/m:d/x.cpp:ab",
    "x.cpp",
    "",
    "a:b:c",
    "/b/",
    "d:\\x.c",
];

const MODULES: &[&str] =
    &["xul.dll", "XUL", "Lib.So", "[vdso]", "[a]b]", "", "libxul.so", "NTDLL.DLL"];

fn function(dice: &mut SplitMix) -> String {
    if one_in(dice, 12) {
        return pick(dice, &["panic", "panic_fmt", "f", "const", "main", "js_Interpret"])
            .to_owned();
    }
    (0..=dice.index(9)).map(|_| pick(dice, PIECES)).collect()
}

fn frame(dice: &mut SplitMix) -> Value {
    let mut frame = json!({});
    if !one_in(dice, 4) {
        frame["function"] = function(dice).into();
    }
    if !one_in(dice, 3) {
        frame["module"] = pick(dice, MODULES).into();
    }
    if one_in(dice, 2) {
        frame["file"] = pick(dice, FILES).into();
        frame["line"] = json!([Value::Null, json!(0), json!(7), json!(-3)][dice.index(4)]);
    }
    if one_in(dice, 3) {
        frame["offset"] = pick(dice, &["0x00ab", "0x0", "0X1F", "zz", "", "00ff"]).into();
    }
    if one_in(dice, 6) {
        frame["unloaded_modules"] = json!([{"module": pick(dice, MODULES)}]);
    }
    if one_in(dice, 8) {
        let inline = json!({"function": function(dice), "file": pick(dice, FILES), "line": 1});
        frame["inlines"] = json!([inline]);
    }
    frame
}

fn crash(dice: &mut SplitMix) -> Value {
    let threads: Vec<Value> = (0..=dice.index(2))
        .map(|_| {
            let frames: Vec<Value> = (0..dice.index(4)).map(|_| frame(dice)).collect();
            json!({"frames": frames, "last_error_value": pick(dice, &["ERROR_SUCCESS", "", "ERROR_COMMITMENT_LIMIT"])})
        })
        .collect();
    let mut crash =
        json!({"threads": threads, "os": pick(dice, &["Windows NT", "Linux", "Mac OS X"])});
    for (key, values) in ANNOTATIONS {
        if one_in(dice, 9) {
            crash[*key] = serde_json::from_str(pick(dice, values)).unwrap();
        }
    }
    crash
}

/// Values as JSON.
const ANNOTATIONS: &[(&str, &[&str])] = &[
    ("crashing_thread", &["0", "1", "-1", "null", "\"1\"", "5"]),
    (
        "reason",
        &[
            "\"SIGSEGV\"",
            "\"EXCEPTION_STACK_OVERFLOW\"",
            "\"STATUS_NO_MEMORY\"",
            "null",
            "\"EXCEPTION_IN_PAGE_ERROR / STATUS_DEVICE_DATA_ERROR\"",
        ],
    ),
    ("oom_allocation_size", &["0", "1", "262144", "262145", "null"]),
    ("js_large_allocation_failure", &["\"Reporting\"", "\"Recovered\"", "null"]),
    (
        "abort_message",
        &[
            "\"###!!! ABORT: file x, line 3\"",
            "\"[1] ###!!! ABORT: room: file x\"",
            "\"plain\"",
            "\"\"",
            "null",
            "\"unable to find a usable font (x) y\"",
            "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789+\"",
        ],
    ),
    ("hang", &["\"ui\"", "null", "1", "\"\""]),
    (
        "async_shutdown_timeout",
        &[
            r#""{\"phase\":\"p\",\"conditions\":[{\"name\":\"b\"},\"a\"]}""#,
            r#""{\"phase\":1}""#,
            r#""{""#,
            r#""[]""#,
            "\"\"",
            r#""{\"conditions\":[{}]}""#,
            r#""{\"phase\":\"p\",\"conditions\":[]}""#,
        ],
    ),
    ("ipc_channel_error", &["\"ShutDownKill\"", "\"\"", "null"]),
    ("ipc_message_name", &["\"PContent::X\"", "\"\"", "null"]),
    ("additional_minidumps", &["[\"upload_file_minidump_browser\"]", "[]", "null"]),
    ("mdsw_status_string", &["\"OK\"", "\"EmptyMinidump\"", "null"]),
    (
        "java_stack_trace",
        &[
            "\"a.B: m@0123abcd\\n\\tat a.b(C.java:1)\"",
            "\"a.B\"",
            "\"\"",
            "null",
            "null",
            "null",
            "5",
            "\"a: b\\nat c(D.kt:2)\"",
        ],
    ),
    (
        "java_exception",
        &[
            "null",
            "null",
            "{}",
            "[1]",
            r#"{"exception":{"values":[{"stacktrace":{"module":"m","type":"T","frames":[{"module":"a","function":"b","filename":"c"}]}}]}}"#,
        ],
    ),
];
