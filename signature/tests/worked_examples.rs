//! The worked examples of socorro-today.md, section 3.2, and crashes as they come, as a table.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use auxilio_signature::{CrashData, Lists, Signature, generate};

fn signature(json: &str) -> Signature {
    generate(&serde_json::from_str::<CrashData>(json).unwrap(), Lists::built_in())
}

#[test]
fn the_worked_examples_come_out_as_published() {
    for (input, expected, proto) in [
        (
            r#"{"os":"Windows NT","crashing_thread":0,"reason":"EXCEPTION_ACCESS_VIOLATION_READ","threads":[{"frames":[
              {"module":"ntdll.dll","function":"NtWaitForAlertByThreadId"},
              {"module":"xul.dll","function":"static void mozilla::dom::Foo<T, U>::Bar(nsTArray<int> const&) const",
               "file":"hg:hg.mozilla.org/mozilla-central:dom/Foo.cpp:abc","line":12}]}]}"#,
            "mozilla::dom::Foo<T>::Bar",
            "NtWaitForAlertByThreadId | mozilla::dom::Foo<T>::Bar",
        ),
        (
            r####"{"os":"Linux","crashing_thread":0,"oom_allocation_size":1048576,
              "abort_message":"###!!! ABORT: out of room: file /b/x.cpp, line 5","threads":[{"frames":[
              {"function":"core::panicking::panic_fmt","file":"git:github.com/rust-lang/rust:library/core/src/panicking.rs:abc","line":72},
              {"function":"<style::Foo<T> as core::ops::Drop>::drop::h0123456789abcdef","file":"hg:hg.mozilla.org/mozilla-central:servo/foo.rs:abc","line":7}]}]}"####,
            "Abort | out of room | OOM | large | <style::Foo<T> as core::ops::Drop>::drop",
            "core::panicking::panic_fmt | <style::Foo<T> as core::ops::Drop>::drop",
        ),
        (
            r#"{"os":"Linux","crashing_thread":1,"reason":"SIGSEGV / SEGV_MAPERR","threads":[
              {"frames":[{"module":"libxul.so","function":"Main::Stuck()"}]},
              {"frames":[{"module":"libxul.so","function":"mozilla::(anonymous namespace)::RunWatchdog(void*)"}]}]}"#,
            "shutdownhang | Main::Stuck",
            "Main::Stuck",
        ),
    ] {
        let made = signature(input);
        assert_eq!(made.signature, expected);
        assert_eq!(made.proto_signature(), Some(proto));
        assert!(made.notes.is_empty(), "{:?}", made.notes);
    }
}

#[test]
fn crashes_without_frames_say_why() {
    for (input, expected) in [
        ("{}", "EMPTY: no frame data available"),
        (r#"{"threads":null,"crashing_thread":"2"}"#, "EMPTY: no frame data available"),
        (
            r#"{"threads":[],"mdsw_status_string":"EmptyMinidump"}"#,
            "EMPTY: no frame data available; EmptyMinidump",
        ),
        (
            r#"{"crashing_thread":7,"threads":[{"frames":[{"function":"f"}]}]}"#,
            "EMPTY: no frame data available",
        ),
    ] {
        let made = signature(input);
        assert_eq!(made.signature, expected, "{input}");
        assert_eq!(made.proto_signature(), None);
        assert_eq!(made.notes.len(), 1);
    }
}

#[test]
fn marks_lengths_and_characters_are_brought_into_form() {
    let one = |function: &str, reason: &str| {
        let frames = serde_json::json!([{"function": function}]);
        let input = serde_json::json!({"reason": reason, "threads": [{"frames": frames}]});
        signature(&input.to_string())
    };
    assert_eq!(one("f", "EXCEPTION_STACK_OVERFLOW").signature, "stackoverflow | f");
    assert_eq!(one("a::caf\u{e9}::b", "").signature, "a::caf::b");
    assert_eq!(one("f() [clone .cold.1]", "").signature, "f");
    let long = one(&"a".repeat(300), "");
    assert_eq!(long.signature, format!("{}...", "a".repeat(252)));
    assert_eq!(long.notes, ["truncate: the signature was cut to its length"]);
    assert_eq!(one(&"a".repeat(255), "").signature, "a".repeat(255));
}

#[test]
fn no_routine_of_the_platform_stands_first() {
    for above in [
        "__pthread_kill_implementation gsignal abort",
        "__pthread_kill_internal raise abort std::process::abort",
        "memcpy",
        "__memmove_avx_unaligned_erms",
        "strlen",
        "free",
        "je_free",
        "_int_free cfree",
        "malloc_printerr _int_free",
        "operator_new",
        "RtlEnterCriticalSection",
        "NtWaitForSingleObject WaitForSingleObjectEx",
        "pthread_mutex_lock",
        "__futex_abstimed_wait_common pthread_cond_timedwait",
        "mach_msg_trap mach_msg",
        "core::panicking::panic_fmt core::panicking::panic core::option::unwrap_failed",
        "std::panicking::rust_panic_with_hook rust_begin_unwind",
        "libc.so.6 libc.so.6 libc.so.6",
        "ntdll.dll kernelbase.dll",
        "_CxxThrowException",
        "__cxa_throw",
        "objc_exception_throw",
    ] {
        let mut frames: Vec<_> = above
            .split(' ')
            .map(|name| serde_json::json!({"function": name.replace("operator_new", "operator new(unsigned long)")}))
            .collect();
        frames.push(serde_json::json!({"function": "demo::blame_me(int)"}));
        let input = serde_json::json!({"threads": [{"frames": frames}]}).to_string();
        assert_eq!(signature(&input).signature, "demo::blame_me", "{above}");
    }
}
