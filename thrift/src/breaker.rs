//! A breaker: keeps calls away from a gateway that failed again and again.

use std::time::Duration;

/// Failures one after another that open the breaker.
const FAILURES: u32 = 3;

/// How long it stays open the first time; each further time twice as long.
const REST_MIN: Duration = Duration::from_secs(1);

/// How long it stays open at most: so much later than the gateways does the client come back, and
/// one call in so long waits for a gateway that is mute.
const REST_MAX: Duration = Duration::from_secs(10);

/// Times are those of the monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    closed_until_further: Option<Duration>,
    rest: Duration,
}

impl Breaker {
    /// Whether the gateway may be tried. While it is open, one try at each rest's end may.
    pub(crate) fn admits(&self, now: Duration) -> bool {
        self.closed_until_further.is_none_or(|until| now >= until)
    }

    /// Whether it is open: failed, and not yet known to be well again.
    pub(crate) fn is_open(&self) -> bool {
        self.closed_until_further.is_some()
    }

    /// A try begins. Behind an open breaker nobody else shall try until it is over.
    pub(crate) fn begin(&mut self, now: Duration, patience: Duration) {
        if self.is_open() {
            self.closed_until_further = Some(now + patience);
        }
    }

    /// A try succeeded.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A try failed. Returns whether that opened it.
    pub(crate) fn failed(&mut self, now: Duration) -> bool {
        let was_open = self.is_open();
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rest = (self.rest * 2).clamp(REST_MIN, REST_MAX);
            self.closed_until_further = Some(now + self.rest);
        }
        self.is_open() && !was_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn three_failures_open_it_and_each_rest_is_longer() {
        let mut breaker = Breaker::default();
        assert!(!breaker.failed(secs(0)) && !breaker.failed(secs(0)));
        assert!(breaker.admits(secs(0)));
        assert!(breaker.failed(secs(0)));
        let mut now = secs(0);
        for rest in [1, 2, 4, 8, 10, 10] {
            assert!(!breaker.admits(now + secs(rest).mul_f64(0.999)));
            now += secs(rest);
            assert!(breaker.admits(now), "after {rest} s");
            breaker.begin(now, secs(6));
            assert!(!breaker.admits(now + secs(5)), "one try at a time");
            assert!(!breaker.failed(now), "open already");
        }
    }

    #[test]
    fn a_success_forgets_all_failures() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            breaker.failed(secs(1));
        }
        breaker.succeeded();
        assert!(breaker.admits(secs(1)) && !breaker.is_open());
        assert!(!breaker.failed(secs(1)) && !breaker.failed(secs(1)));
        assert!(breaker.admits(secs(1)));
    }
}
