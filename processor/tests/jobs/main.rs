//! The processor as a role, over a real Postgres, a real disk store, real minidumps and real stack
//! walkers.
//!
//! Its walkers are this very program, so that it needs a main of its own: without arguments it runs
//! every test, with one those whose name holds it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::{Command, ExitCode, Stdio};

use futures::FutureExt;

/// A test, started by calling it.
type Test = fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// Lists the tests of a file by name.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        /// Every test of this file.
        pub(crate) const ALL: &[(&str, crate::Test)] =
            &[$((stringify!($name), || Box::pin($name()))),*];
    };
}

mod child;
mod ends;
mod fixture;
mod gate;
mod saving;
mod tests;

fn main() -> ExitCode {
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    match argument.as_deref() {
        Some("stackwalk-worker") => return auxilio_stackwalk::worker::main(),
        Some("dying-worker") => dying_worker(),
        Some(child::VERB) => {
            let arguments: Vec<String> = std::env::args().skip(2).collect();
            tokio::runtime::Runtime::new().unwrap().block_on(child::main(&arguments));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let wanted = argument.unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // It ends with the last who has it: tests that follow each other would start one each.
    let _server = auxilio_testkit::postgres::Server::shared().unwrap();
    let mut failed = 0;
    let all: Vec<_> = [tests::ALL, ends::ALL, saving::ALL].concat();
    for (name, test) in all.iter().filter(|(name, _)| name.contains(&wanted)) {
        let passed = runtime.block_on(AssertUnwindSafe(test()).catch_unwind()).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    println!("{failed} of {} tests failed", all.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A real walker up to its first dump, at which it aborts.
fn dying_worker() -> ! {
    let mut worker = Command::new("/proc/self/exe")
        .arg("stackwalk-worker")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::stdin().lines();
    let mut stdin = worker.stdin.take().unwrap();
    writeln!(stdin, "{}", lines.next().unwrap().unwrap()).unwrap();
    let request = lines.next();
    worker.kill().unwrap();
    worker.wait().unwrap();
    if request.is_some() {
        // A walker says that it begins before it touches the dump.
        println!("\"begun\"");
        eprintln!("last words");
        std::process::abort();
    }
    std::process::exit(0)
}
