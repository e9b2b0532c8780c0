//! The signature: the bucket that the crash belongs to.

use auxilio_common::limits;
use auxilio_signature::{CrashData, Generator, Module, Style, Thread};
use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack::{Module as LoadedModule, Stack};

pub(super) const RULE: Rule = Rule { name: "signature", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let data = crash_data(case, draft);
    let (made, steps) = Generator::new(case.lists).with_style(case.style).with_steps(&data);
    draft.set_text("signature", Some(&made.signature));
    draft.set_text("signature_debug", Some(&steps.join("\n")));
    draft.set_text("proto_signature", made.proto_signature());
    let group_key = made.group_key.map(|key| key.to_string());
    draft.set_text("group_key", group_key.as_deref());
    for note in made.notes {
        draft.note(note);
    }
    keep_input(&data, draft);
    Ok(())
}

/// Keeps what the signature was made from. A part of it would be signed as another crash, so it is all
/// or nothing.
fn keep_input(data: &CrashData, draft: &mut Draft) {
    let input = data.reduced().to_json();
    if input.len() <= limits::SIGNATURE_INPUT_BYTES_MAX {
        draft.set("signature_input", Some(input));
    } else {
        draft.note("it is made from too much to be kept: changes of lists will pass it by");
    }
}

fn crash_data(case: &Case<'_>, draft: &Draft) -> CrashData {
    let crash = &draft.crash;
    let text = |name| crash.text(name).map(Box::from);
    let value = |name| crash.get(name).cloned();
    let structure =
        |name| crash.structure(name).and_then(|text| serde_json::from_str(text.get()).ok());
    // As the walker says it: the generator itself turns from a watchdog to the first thread.
    let stack = case.stack.as_ref();
    let walked = stack.and_then(|stack| stack.crash_info.get("crashing_thread"));
    CrashData {
        os: text("os_name"),
        crashing_thread: walked.and_then(Value::as_i64),
        reason: text("reason"),
        threads: stack.map(threads),
        modules: stack.map(modules),
        oom_allocation_size: crash.integer("oom_allocation_size"),
        js_large_allocation_failure: text("js_large_allocation_failure"),
        abort_message: text("abort_message"),
        hang: value(hang_field(case.style)),
        java_stack_trace: value("java_stack_trace"),
        java_exception: structure("java_exception"),
        async_shutdown_timeout: value("async_shutdown_timeout"),
        ipc_channel_error: text("ipc_channel_error"),
        ipc_message_name: text("ipc_message_name"),
        additional_minidumps: value("additional_minidumps")
            .and_then(|names| serde_json::from_value(names).ok()),
        mdsw_status_string: text("mdsw_status_string"),
    }
}

/// What says that a process hung: in 2012 a number said which side of the pair it was.
fn hang_field(style: Style) -> &'static str {
    match style {
        Style::Today => "hang",
        Style::Socorro2012 => "hang_type",
    }
}

/// Which builds were loaded: for the group key.
fn modules(stack: &Stack<'_>) -> Box<[Module]> {
    let read = |module: &LoadedModule<'_>| Module {
        filename: module.filename().map(Box::from),
        debug_id: module.debug_id().map(Box::from),
        code_id: module.code_id().map(Box::from),
    };
    stack.modules.iter().map(read).collect()
}

/// All threads in their places, those that no signature looks at without their frames.
fn threads(stack: &Stack<'_>) -> Box<[Thread]> {
    let read = |place| stack.threads.get(&place).map(without_the_rest).unwrap_or_default();
    (0..stack.threads_len).map(read).collect()
}

/// A thread as far as it can reach a signature.
fn without_the_rest(thread: &Thread) -> Thread {
    let frames = thread.frames.as_deref().unwrap_or_default();
    Thread {
        frames: Some(frames[..frames.len().min(limits::SIGNATURE_FRAMES_MAX)].into()),
        last_error_value: thread.last_error_value.clone(),
        thread_name: thread.thread_name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::limits;
    use auxilio_signature::{CrashData, Lists, generate};
    use serde_json::json;

    use crate::sample::{processed_case, processed_dump, raw};

    #[test]
    fn frames_annotations_and_the_reason_make_the_signature() {
        let made = processed_case(
            &raw(&[("OOMAllocationSize", "1048576"), ("AbortMessage", "out of room")]),
            &json!({
                "crash_info": {"crashing_thread": 1, "type": "EXCEPTION_STACK_OVERFLOW"},
                "system_info": {"os": "Windows NT"},
                "threads": [{"frames": [{"function": "other"}]}, {"frames": [
                    {"module": "NTDLL.dll", "offset": "0x1"},
                    {"module": "a", "function": "outer(int)", "inlines": [{"function": "void inner(int)", "file": "x", "line": 1}]},
                ]}],
            }),
        );
        assert_eq!(
            made.crash.text("signature"),
            Some("stackoverflow | Abort | out of room | OOM | large | inner")
        );
        assert_eq!(made.crash.text("proto_signature"), Some("ntdll.dll | inner | outer"));
        let input = made.crash.text("signature_input").unwrap();
        let again = generate(&CrashData::from_json(input).unwrap(), Lists::built_in());
        assert_eq!(Some(&*again.signature), made.crash.text("signature"));
        let debug = made.crash.text("signature_debug").unwrap();
        assert!(debug.lines().count() > 3 && debug.contains("stackoverflow | "), "{debug}");
    }

    #[test]
    fn code_without_symbols_has_a_key_and_too_much_of_anything_is_not_kept() {
        let made = processed_dump(&json!({
            "crash_info": {"crashing_thread": 0, "type": "SIGSEGV"},
            "threads": [{"thread_name": "Worker 7", "frames": [{"module": "plug.so", "module_offset": "0x12"}]}],
            "modules": [{"filename": "demo"}, {"filename": "plug.so", "debug_id": "5A7C0"}],
        }));
        let key = "plug.so+0x12 (5A7C0) | SIGSEGV | Worker #";
        assert_eq!(made.crash.text("group_key"), Some(key));
        let long = "f".repeat(limits::SIGNATURE_INPUT_BYTES_MAX);
        let made = processed_dump(&json!({"threads": [{"frames": [{"function": long}]}]}));
        assert!(
            made.crash.get("signature_input").is_none() && made.crash.get("signature").is_some()
        );
        let note = made.notes.iter().find(|note| note.starts_with("signature: it is made from"));
        assert!(note.is_some(), "{:?}", made.notes);
    }

    #[test]
    fn what_ended_a_process_and_java_reach_the_signature() {
        let killed = processed_case(
            &raw(&[("ipc_channel_error", "ShutDownKill"), ("IPCMessageName", "PContent::Msg_X")]),
            &json!({"threads": [{"frames": [{"function": "f"}]}]}),
        );
        let expected = "IPCError-content | ShutDownKill | IPC_Message_Name=PContent::Msg_X";
        assert_eq!(killed.crash.text("signature"), Some(expected));
        let late = processed_case(
            &raw(&[(
                "AsyncShutdownTimeout",
                r#"{"phase":"quit","conditions":[{"name":"b"},"a"]}"#,
            )]),
            &json!({}),
        );
        assert_eq!(late.crash.text("signature"), Some("AsyncShutdownTimeout | quit | a,b"));
    }
}
