//! Keys as a table: crash data in, key out.

use super::*;
use crate::lists::ListTexts;

fn key(json: &str) -> Option<String> {
    let lists = Lists::compile(
        "test",
        &ListTexts {
            irrelevant: "malloc$",
            foreign_modules: "libc\\.so\nntdll\\.dll$",
            ..ListTexts::default()
        },
    )
    .unwrap();
    let crash = CrashData::from_json(json).unwrap();
    GroupKey::of(&crash, &lists).map(|key| key.to_string())
}

const MODULES: &str = r#""modules":[{"filename":"Demo","debug_id":"D1","code_id":"C1"},
    {"filename":"plug.so","code_id":"C2"},{"filename":"libc.so.6","debug_id":"L1"}]"#;

#[test]
fn the_programs_own_module_nearest_to_the_crash_makes_the_key() {
    for (frames, expected) in [
        // The owner itself crashed.
        (
            r#"{"module":"Demo","module_offset":"0x00001a"}"#,
            Some("Demo+0x1a (D1) | SIGSEGV | Worker #"),
        ),
        // A build that is known by its file alone, and one that is not known.
        (
            r#"{"module":"plug.so","module_offset":"0x2"}"#,
            Some("plug.so+0x2 (C2) | SIGSEGV | Worker #"),
        ),
        (
            r#"{"module":"other.so","module_offset":"0x2"}"#,
            Some("other.so+0x2 | SIGSEGV | Worker #"),
        ),
        // What stands above it is named; code without a module is passed over.
        (
            r#"{"offset":"0x1"},{"module":"libc.so.6","module_offset":"0x9"},{"module":"Demo","module_offset":"0x3"}"#,
            Some("Demo+0x3 (D1) | in libc.so.6 | SIGSEGV | Worker #"),
        ),
        (
            r#"{"module":"libc.so.6","function":"abort"},{"module":"Demo","module_offset":"0x3"}"#,
            Some("Demo+0x3 (D1) | in libc.so.6 | SIGSEGV | Worker #"),
        ),
        // An allocator inside the program is passed over.
        (
            r#"{"module":"Demo","function":"malloc(int)"},{"module":"plug.so","module_offset":"0x3"}"#,
            Some("plug.so+0x3 (C2) | in Demo | SIGSEGV | Worker #"),
        ),
        // With symbols the signature tells more.
        (r#"{"module":"Demo","function":"f(int)"}"#, None),
        (r#"{"module":"Demo","inlines":[{"function":"f"}]}"#, None),
        (r#"{"module":"libc.so.6"},{"module":"Demo","function":"f(int)"}"#, None),
        // Of this function nothing is left.
        (
            r#"{"module":"Demo","module_offset":"0x9","function":"const"}"#,
            Some("Demo+0x9 (D1) | SIGSEGV | Worker #"),
        ),
        // No frame is the program's own: the program itself keeps it from others.
        (
            r#"{"module":"libc.so.6","module_offset":"0x7"}"#,
            Some("Demo (D1) | in libc.so.6+0x7 (L1) | SIGSEGV | Worker #"),
        ),
        (
            r#"{"unloaded_modules":[{},{"module":"gone.so"}]}"#,
            Some("Demo (D1) | in (unloaded gone.so) | SIGSEGV | Worker #"),
        ),
        (r#"{"offset":"0x1"}"#, Some("Demo (D1) | SIGSEGV | Worker #")),
        ("", Some("Demo (D1) | SIGSEGV | Worker #")),
    ] {
        let json = format!(
            r#"{{"os":"Linux","reason":"SIGSEGV",{MODULES},"threads":[{{"thread_name":"Worker 12","frames":[{frames}]}}]}}"#
        );
        assert_eq!(key(&json).as_deref(), expected, "{frames}");
    }
}

#[test]
fn what_is_not_known_is_left_out_and_the_signal_alone_is_no_key() {
    for (json, expected) in [
        (r#"{"reason":"SIGSEGV"}"#, None),
        (
            r#"{"reason":"SIGSEGV","threads":[{"thread_name":"main","frames":[{"offset":"0x1"}]}]}"#,
            None,
        ),
        (r#"{"threads":[{"frames":[{"module":"a"}]}]}"#, Some("a")),
        (
            r#"{"threads":[{"frames":[{"unloaded_modules":[{"module":"a"}]}]}]}"#,
            Some("(unloaded a)"),
        ),
        (
            r#"{"os":"Windows NT","threads":[{"frames":[{"module":"NTDLL.dll"},{"module":"A.exe","module_offset":"0x1"}]}],
                "modules":[{"filename":"a.EXE","debug_id":"d\n"}]}"#,
            Some("a.exe+0x1 (d) | in ntdll.dll"),
        ),
        // The key is that of the thread that crashed.
        (
            r#"{"crashing_thread":1,"threads":[{"frames":[{"module":"a"}]},{"thread_name":"t1-2","frames":[{"module":"b"}]}]}"#,
            Some("b | t#-#"),
        ),
        (r#"{"java_stack_trace":"a","threads":[{"frames":[{"module":"a"}]}]}"#, None),
    ] {
        assert_eq!(key(json).as_deref(), expected, "{json}");
    }
    let long = format!(r#"{{"threads":[{{"frames":[{{"module":"{}"}}]}}]}}"#, "é".repeat(100));
    assert_eq!(key(&long), Some("é".repeat(PART_CHARS_MAX)));
}
