//! A crash, or a hang that was ended from outside.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "report_type", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let ended = ["ipc_channel_error", "AsyncShutdownTimeout"]
        .iter()
        .any(|name| case.annotation(name).is_some());
    let paired = draft.crash.integer("hang_type").is_some_and(|side| side != 0);
    let hang = ended || paired || watchdog(case);
    draft.set("report_type", Some(if hang { "hang" } else { "crash" }));
    Ok(())
}

/// Whether a watchdog ended the program: the walker still says that its thread crashed.
fn watchdog(case: &Case<'_>) -> bool {
    let stack = case.stack.as_ref();
    let thread = stack.and_then(|stack| stack.threads.get(&stack.walked_thread()?));
    thread.is_some_and(super::crashing_thread::is_watchdog)
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn a_hang_is_known_by_who_ended_it() {
        for (annotation, value, expected) in [
            ("ProductName", "x", "crash"),
            ("ipc_channel_error", "ShutDownKill", "hang"),
            ("AsyncShutdownTimeout", "{}", "hang"),
            ("HangID", "x", "hang"),
            ("Hang", "1", "hang"),
        ] {
            let made = processed(&raw(&[(annotation, value)]));
            assert_eq!(made.crash.text("report_type"), Some(expected), "{annotation}");
        }
    }
}
