//! How fast crashes are gone through: so many a second, in batches.

use std::time::Duration;

use auxilio_service::Shutdown;
use tokio::time::Instant;

/// Crashes of one batch.
const BATCH_CRASHES: usize = 500;

/// A rate, or none. What was missed while the other side was slow is not made up for.
pub(super) struct Pace {
    rate: Option<f64>,
    due: Instant,
}

impl Pace {
    /// A pace of `rate` crashes a second; without one, as fast as they are taken.
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self { rate, due: Instant::now() }
    }

    /// How many crashes to take at once: those of half a second.
    pub(super) fn batch(&self) -> usize {
        let Some(rate) = self.rate else { return BATCH_CRASHES };
        (1..BATCH_CRASHES).take_while(|crashes| *crashes as f64 * 2.0 <= rate).last().unwrap_or(1)
    }

    /// The same where without a rate a caller takes all that it has.
    pub(super) fn batch_or(&self, all: usize) -> usize {
        if self.rate.is_some() { self.batch() } else { all.max(1) }
    }

    /// Waits until some crashes are due; false if the wait was cut short.
    pub(super) async fn wait(&mut self, crashes: usize, shutdown: &Shutdown) -> bool {
        let now = Instant::now();
        let due = self.claim(crashes, now);
        shutdown.sleep(due.saturating_duration_since(now)).await
    }

    /// When the next crashes are due.
    fn claim(&mut self, crashes: usize, now: Instant) -> Instant {
        let Some(rate) = self.rate else { return now };
        let due = self.due.max(now);
        self.due = due + Duration::from_secs_f64(crashes as f64 / rate);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crashes_are_due_at_their_rate_and_not_faster_after_a_pause() {
        let mut pace = Pace::new(Some(10.0));
        let start = pace.due;
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        assert_eq!(pace.batch(), 5);
        assert_eq!(pace.claim(5, start), start);
        assert_eq!(pace.claim(5, start), after(0.5));
        assert_eq!(pace.claim(1, after(60.0)), after(60.0));
        assert_eq!(pace.claim(5, after(60.0)), after(60.1));
        assert_eq!(Pace::new(None).claim(500, start), start);
    }

    #[test]
    fn batches_are_never_empty_and_never_large() {
        for (rate, batch) in [(None, 500), (Some(0.01), 1), (Some(1e5), 499)] {
            assert_eq!(Pace::new(rate).batch(), batch);
        }
    }
}
