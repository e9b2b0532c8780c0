//! Waiting longer after each failure, with jitter, up to a bound.

use std::time::Duration;

use auxilio_common::Random;

/// A back-off: doubles from a first wait to a longest, each cut by up to half at random.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// A back-off between two waits.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// Back to the first wait: something went well.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures one after another so far.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait after one more failure.
    pub fn next(&mut self, random: &dyn Random) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures.min(30)));
        self.failures = self.failures.saturating_add(1);
        let wait = doubled.min(self.longest);
        let half = u64::try_from(wait.as_micros() / 2).unwrap_or(u64::MAX);
        wait.saturating_sub(Duration::from_micros(random.below(half.saturating_add(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    #[test]
    fn waits_grow_to_the_longest_and_never_beyond() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let waits: Vec<_> = (0..40).map(|_| backoff.next(&SystemRandom)).collect();
        assert!(waits[0] >= Duration::from_millis(50) && waits[0] <= Duration::from_millis(100));
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(1)));
        assert!(waits[39] >= Duration::from_millis(500));
        assert_eq!(backoff.failures(), 40);
        backoff.reset();
        assert!(backoff.next(&SystemRandom) <= Duration::from_millis(100));
    }
}
