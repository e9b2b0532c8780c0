//! The signature: the bucket that the crash belongs to.

use auxilio_common::limits;
use auxilio_signature::{CrashData, Frame, Inline, Thread, UnloadedModule};
use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "signature", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let made = auxilio_signature::generate(&crash_data(draft), case.lists);
    draft.set_text("signature", Some(&made.signature));
    draft.set_text("proto_signature", made.proto_signature.as_deref());
    for note in made.notes {
        draft.note(note);
    }
    Ok(())
}

fn crash_data(draft: &Draft) -> CrashData {
    let crash = &draft.crash;
    let text = |name| crash.text(name).map(str::to_owned);
    // As the walker says it: the generator itself turns from a watchdog to the first thread.
    let walked = stack::at(crash, &["json_dump", "crash_info", "crashing_thread"]);
    let crashing_thread = walked.and_then(Value::as_i64);
    CrashData {
        os: text("os_name"),
        crashing_thread,
        reason: text("reason"),
        threads: crash.get("json_dump").map(|_| threads(draft, crashing_thread.unwrap_or(0))),
        oom_allocation_size: crash.integer("oom_allocation_size"),
        js_large_allocation_failure: text("js_large_allocation_failure"),
        abort_message: text("abort_message"),
        mdsw_status_string: text("mdsw_status_string"),
    }
}

/// All threads in their places, but only the first and the crashing one with their frames: no
/// signature looks at others.
fn threads(draft: &Draft, crashing: i64) -> Vec<Thread> {
    let wanted = |index: usize| index == 0 || i64::try_from(index) == Ok(crashing);
    stack::threads(&draft.crash)
        .iter()
        .enumerate()
        .map(|(index, value)| if wanted(index) { thread(value) } else { Thread::default() })
        .collect()
}

fn thread(value: &Value) -> Thread {
    let frames = stack::items(value, "frames").iter().take(limits::SIGNATURE_FRAMES_MAX);
    Thread {
        frames: Some(frames.map(frame).collect()),
        last_error_value: owned(value, "last_error_value"),
        thread_name: owned(value, "thread_name"),
    }
}

fn frame(value: &Value) -> Frame {
    let inlines = stack::items(value, "inlines");
    let unloaded = stack::items(value, "unloaded_modules");
    Frame {
        module: owned(value, "module"),
        function: owned(value, "function"),
        file: owned(value, "file"),
        line: value.get("line").and_then(Value::as_i64),
        module_offset: owned(value, "module_offset"),
        offset: owned(value, "offset"),
        inlines: (!inlines.is_empty()).then(|| inlines.iter().map(inline).collect()),
        unloaded_modules: unloaded
            .first()
            .map(|module| vec![UnloadedModule { module: owned(module, "module") }]),
    }
}

fn inline(value: &Value) -> Inline {
    Inline {
        function: owned(value, "function"),
        file: owned(value, "file"),
        line: value.get("line").and_then(Value::as_i64),
    }
}

fn owned(value: &Value, key: &str) -> Option<String> {
    stack::text(value, key).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed_case, raw};

    #[test]
    fn frames_annotations_and_the_reason_make_the_signature() {
        let made = processed_case(
            &raw(&[("OOMAllocationSize", "1048576"), ("AbortMessage", "out of room")]),
            json!({
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
    }
}
