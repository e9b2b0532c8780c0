//! A clock that a test sets, and randomness that a seed repeats.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auxilio_common::{Clock, Random, Timestamp};

use crate::splitmix::SplitMix;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock {
    time: Mutex<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Time {
    now: Timestamp,
    monotonic: Duration,
}

impl TestClock {
    /// A clock that stands at `now`; its monotonic time begins at zero.
    pub fn at(now: Timestamp) -> Self {
        Self { time: Mutex::new(Time { now, monotonic: Duration::ZERO }) }
    }

    /// Moves both times on.
    pub fn advance(&self, by: Duration) {
        let mut time = lock(&self.time);
        time.now = time.now.plus(by);
        time.monotonic += by;
    }

    /// Sets the time of day, ahead or back, as an administrator or NTP does. The monotonic time
    /// doesn't change.
    pub fn set(&self, now: Timestamp) {
        lock(&self.time).now = now;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        lock(&self.time).now
    }

    fn monotonic(&self) -> Duration {
        lock(&self.time).monotonic
    }
}

/// Random bytes that are the same for the same seed and the same order of calls.
#[derive(Debug)]
pub struct TestRandom(Mutex<SplitMix>);

impl TestRandom {
    /// Randomness from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(SplitMix::new(seed)))
    }
}

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        lock(&self.0).fill(bytes);
    }
}

/// A test that panicked with the lock held leaves values that are whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_still_measures_forward() {
        let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let clock = TestClock::at(noon);
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().since(noon), Duration::from_secs(90));
        clock.set(noon.minus(Duration::from_secs(5)));
        assert!(clock.now() < noon);
        assert_eq!(clock.monotonic(), Duration::from_secs(90));
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let bytes = |seed| {
            let mut bytes = [0; 16];
            TestRandom::new(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1), bytes(2));
    }
}
