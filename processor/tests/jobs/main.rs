//! The processor as a role, over a real Postgres, a real disk store, real minidumps and real stack
//! walkers.
//!
//! Its walkers are this very program, so that it needs a main of its own: without arguments it runs
//! every test, with one those whose name holds it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod tests;

use std::process::ExitCode;

use futures::FutureExt;
use std::panic::AssertUnwindSafe;

fn main() -> ExitCode {
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if argument.as_deref() == Some("stackwalk-worker") {
        return auxilio_stackwalk::worker::main();
    }
    let wanted = argument.unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut failed = 0;
    for (name, test) in tests::ALL.iter().filter(|(name, _)| name.contains(&wanted)) {
        let passed = runtime.block_on(AssertUnwindSafe(test()).catch_unwind()).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    println!("{failed} of {} tests failed", tests::ALL.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
