//! Time and randomness as parameters. The real ones stand in `service`; tests bring their own.

use std::time::Duration;

use crate::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time of day, in UTC.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, never going back: for measuring how long something took.
    fn monotonic(&self) -> Duration;
}

/// Where random bytes come from.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A random number below `bound`; 0 for a bound of 0.
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        // The bias of a remainder is below bound / 2^64: of no matter to jitter and sampling.
        u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
    }
}
