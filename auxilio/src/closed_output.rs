//! A reader that has seen enough: `auxilio cron status | head` ends quietly.

use std::any::Any;
use std::panic;

/// What a shell says of a program that the signal SIGPIPE ended. The signal itself is off, so that a
/// walker or a client that goes away never ends us.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// From here on, printing to a standard output that nobody reads ends the process without a word. For
/// verbs: what the roles have to end they would not.
pub(crate) fn end_quietly() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_of_a_closed_output(info.payload()) {
            std::process::exit(ENDED_BY_SIGPIPE);
        }
        usual(info);
    }));
}

/// The standard library says it in these words alone.
fn is_of_a_closed_output(payload: &dyn Any) -> bool {
    payload.downcast_ref::<String>().is_some_and(|said| {
        said.starts_with("failed printing to stdout") && said.contains("Broken pipe")
    })
}
