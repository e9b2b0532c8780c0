//! How much a collector takes on at once. Beyond it the client keeps its crash and comes again: before a byte
//! of it is stored.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auxilio_service::metrics;

use crate::config::Config;
use crate::refusal::Refusal;

/// What all submissions under way come to.
pub(crate) struct Overload {
    submissions_max: u64,
    bytes_max: u64,
    sum: Mutex<Sum>,
}

#[derive(Default)]
struct Sum {
    submissions: u64,
    bytes: u64,
}

/// What one submission counts for, until it is dropped.
pub(crate) struct Load {
    overload: Arc<Overload>,
    bytes: u64,
}

impl Overload {
    pub(crate) fn new(config: &Config) -> Arc<Self> {
        let (submissions_max, bytes_max) =
            (config.submissions_in_flight_max, config.bytes_in_flight_max);
        Arc::new(Self { submissions_max, bytes_max, sum: Mutex::default() })
    }

    /// Takes on a submission whose body has so many bytes, as far as the client says it. One alone
    /// is never too much.
    pub(crate) fn admit(self: &Arc<Self>, declared: Option<u64>) -> Result<Load, Refusal> {
        let bytes = declared.unwrap_or(0);
        let mut sum = self.lock();
        if sum.submissions >= self.submissions_max {
            return Err(Refusal::Overloaded("submissions"));
        }
        if sum.submissions > 0 && sum.bytes.saturating_add(bytes) > self.bytes_max {
            return Err(Refusal::Overloaded("bytes of submissions"));
        }
        sum.submissions += 1;
        let all = sum.bytes.saturating_add(bytes);
        sum.change(all);
        Ok(Load { overload: Arc::clone(self), bytes })
    }

    fn lock(&self) -> MutexGuard<'_, Sum> {
        // Every change leaves the sum whole.
        self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sum {
    fn change(&mut self, bytes: u64) {
        self.bytes = bytes;
        metrics::COLLECTOR_IN_FLIGHT_BYTES.set(bytes as f64, &[]);
    }
}

impl Load {
    /// Counts what has come, where it is more than the client had said. What was begun is taken to its end.
    pub(crate) fn grow_to(&mut self, bytes: u64) {
        if bytes > self.bytes {
            let mut sum = self.overload.lock();
            let more = bytes - self.bytes;
            let all = sum.bytes.saturating_add(more);
            sum.change(all);
            self.bytes = bytes;
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let mut sum = self.overload.lock();
        sum.submissions -= 1;
        let all = sum.bytes.saturating_sub(self.bytes);
        sum.change(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_makes_room_and_one_alone_is_never_too_much() {
        let overload = Overload::new(&Config {
            submissions_in_flight_max: 2,
            bytes_in_flight_max: 100,
            ..Config::default()
        });
        let first = overload.admit(Some(1_000)).unwrap();
        assert!(overload.admit(Some(1)).is_err(), "bytes");
        drop(first);
        let mut first = overload.admit(None).unwrap();
        let second = overload.admit(Some(60)).unwrap();
        assert!(overload.admit(Some(0)).is_err(), "submissions");
        drop(second);
        first.grow_to(50);
        assert!(overload.admit(Some(51)).is_err(), "bytes that came without a word");
        assert!(overload.admit(Some(50)).is_ok());
        drop(first);
        let sum = overload.lock();
        assert_eq!((sum.submissions, sum.bytes), (0, 0));
    }
}
