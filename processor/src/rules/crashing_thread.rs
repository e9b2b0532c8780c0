//! Which thread crashed, why, and about which address.
//!
//! A watchdog crashes in place of the thread that hangs, which is the first: the report is then
//! about that one, in all of its fields alike.

use auxilio_signature::Thread;
use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "crashing_thread", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(stack) = &case.stack else { return Ok(()) };
    let info = &stack.crash_info;
    let index = info.get("crashing_thread").and_then(Value::as_i64);
    let watchdog = |index| stack.thread(index).is_some_and(is_watchdog);
    let index = index.map(|index| if watchdog(index) { 0 } else { index });
    if index.is_none() {
        draft.note("no thread is known to have crashed");
    }
    draft.set("crashing_thread", index);
    draft.set_text("reason", info.get("type").and_then(Value::as_str));
    let address = address(info.get("address"), info.get("adjusted_address"));
    draft.set_text("address", address.as_deref());
    let thread = case.reported_thread(&draft.crash);
    let name = thread.and_then(|thread| stack::filled(thread.thread_name.as_deref()));
    draft.set_text("crashing_thread_name", name);
    let error = thread.and_then(|thread| stack::filled(thread.last_error_value.as_deref()));
    draft.set_text("last_error_value", error);
    Ok(())
}

/// The address that the access was meant for: processors report another one for addresses that
/// can't exist, and one near zero for members of a null pointer.
fn address(address: Option<&Value>, adjusted: Option<&Value>) -> Option<String> {
    let address = address.and_then(Value::as_str).filter(|address| !address.is_empty())?;
    let kind = adjusted.and_then(|adjusted| stack::text(adjusted, "kind"));
    match (kind, adjusted.and_then(|adjusted| stack::text(adjusted, "address"))) {
        (Some("non-canonical"), Some(meant)) => Some(meant.to_owned()),
        (Some("null-pointer"), _) => {
            Some(format!("0x{}", "0".repeat(address.len().clamp(3, 18) - 2)))
        }
        _ => Some(address.to_owned()),
    }
}

/// Whether a thread is the watchdog that ends a program which hangs.
pub(super) fn is_watchdog(thread: &Thread) -> bool {
    let mut functions = thread.frames.iter().flatten().filter_map(|frame| frame.function.as_ref());
    functions.any(|function| function.contains("RunWatchdog"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_address_is_the_one_that_was_meant() {
        for (adjusted, expected) in [
            (json!(null), "0x00007f00deadbeef"),
            (json!({"kind": "null-pointer", "offset": "0x10"}), "0x0000000000000000"),
            (
                json!({"kind": "non-canonical", "address": "0xe5e5e5e5e5e5e5e5"}),
                "0xe5e5e5e5e5e5e5e5",
            ),
            (json!({"kind": "something new"}), "0x00007f00deadbeef"),
        ] {
            let made = processed_dump(&json!({
                "crash_info": {"type": "SIGSEGV", "address": "0x00007f00deadbeef", "adjusted_address": adjusted, "crashing_thread": 0},
                "threads": [{"thread_name": "main", "last_error_value": "ERROR_SUCCESS", "frames": []}],
            }));
            assert_eq!(made.crash.text("last_error_value"), Some("ERROR_SUCCESS"));
            assert_eq!(made.crash.text("address"), Some(expected));
            assert_eq!(made.crash.text("reason"), Some("SIGSEGV"));
            assert_eq!(made.crash.text("crashing_thread_name"), Some("main"));
        }
    }

    #[test]
    fn a_watchdogs_report_is_about_the_first_thread_in_every_field() {
        let made = processed_dump(&json!({
            "crash_info": {"crashing_thread": 1},
            "threads": [
                {"thread_name": "main", "frames": [{"function": "Main::Stuck()", "module": "a", "file": "/stuck.cpp"}]},
                {"thread_name": "dog", "frames": [{"function": "mozilla::(anonymous namespace)::RunWatchdog(void*)", "module": "b", "file": "/dog.cpp"}]},
            ],
            "modules": [{"filename": "a", "debug_id": "1"}, {"filename": "b", "debug_id": "2"}],
        }));
        let text = |field| made.crash.text(field);
        assert_eq!(text("signature"), Some("shutdownhang | Main::Stuck"));
        assert_eq!(made.crash.integer("crashing_thread"), Some(0));
        assert_eq!(text("crashing_thread_name"), Some("main"));
        assert_eq!(text("topmost_filenames"), Some("/stuck.cpp"));
        assert_eq!(text("modules_in_stack"), Some("a/1"));
        assert_eq!(text("report_type"), Some("hang"));
    }

    #[test]
    fn an_index_that_no_thread_has_is_survived() {
        for index in [json!(99), json!(-1), json!("0"), json!(null)] {
            let made =
                processed_dump(&json!({"crash_info": {"crashing_thread": index}, "threads": []}));
            assert!(made.failed_rules.is_empty());
            assert!(made.crash.get("crashing_thread_name").is_none());
        }
    }
}
