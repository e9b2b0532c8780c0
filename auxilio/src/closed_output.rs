//! A reader that has seen enough, as in `auxilio cron status | head`: a list ends well, of anything else the
//! end is part of what was asked for.

use std::any::Any;
use std::io::{self, ErrorKind};
use std::panic;
use std::process::ExitCode;

/// What is said where more was asked for than a list.
const UNREAD: &str = "auxilio: nobody reads the output any more: stopped before the end";

/// How a verb ends whose output nobody reads any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedOutput {
    /// Whether it is there for what it prints alone.
    pub(crate) is_list: bool,
}

impl ClosedOutput {
    /// From here on, printing ends the process so. For verbs: what the roles have to end they would not.
    pub(crate) fn ends_printing(self) {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if is_of_a_closed_output(info.payload()) {
                std::process::exit(i32::from(self.tell()));
            }
            usual(info);
        }));
    }

    /// The end of a verb that writes its output itself and met the same; `None` for any other error. What
    /// goes wrong on a connection is an error of whose connection it is, and never one of these.
    pub(crate) fn end(self, error: &anyhow::Error) -> Option<ExitCode> {
        let json =
            error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind).or(json);
        (kind == Some(ErrorKind::BrokenPipe)).then(|| ExitCode::from(self.tell()))
    }

    fn tell(self) -> u8 {
        if !self.is_list {
            eprintln!("{UNREAD}");
        }
        u8::from(!self.is_list)
    }
}

/// The standard library says it in these words alone.
fn is_of_a_closed_output(payload: &dyn Any) -> bool {
    payload.downcast_ref::<String>().is_some_and(|said| {
        said.starts_with("failed printing to stdout") && said.contains("Broken pipe")
    })
}
