//! Waiting for something to become true, within a generous bound.

use std::time::{Duration, Instant};

/// Asks until the answer is there; panics with `what` when the time is over.
///
/// # Panics
///
/// When nothing came within the time.
pub fn until<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not within {} s", within.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}
