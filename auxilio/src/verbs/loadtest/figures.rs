//! The figures of a load test.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::senders::Sent;
use super::watch::Drained;

/// What a load test measured.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    accepted: usize,
    refused: u64,
    refused_because: Option<String>,
    posting_secs: f64,
    accepted_per_sec: f64,
    answer_p50_ms: f64,
    answer_p99_ms: f64,
    drained_secs: f64,
    drained_per_sec: f64,
    visible_watched: usize,
    visible_p50_ms: f64,
    visible_p99_ms: f64,
    /// Accepted and never seen: must be none.
    pub(super) lost: u64,
}

impl Figures {
    pub(super) fn of(sent: &Sent, drained: &Drained) -> Self {
        let count = sent.accepted.len();
        let seen = count as f64 - drained.lost as f64;
        Self {
            accepted: count,
            refused: sent.refused,
            refused_because: sent.reason.clone(),
            posting_secs: sent.took.as_secs_f64(),
            accepted_per_sec: count as f64 / sent.took.as_secs_f64(),
            answer_p50_ms: percentile(&sent.answers, 50),
            answer_p99_ms: percentile(&sent.answers, 99),
            drained_secs: drained.took.as_secs_f64(),
            drained_per_sec: seen / drained.took.as_secs_f64(),
            visible_watched: drained.visible.len(),
            visible_p50_ms: percentile(&drained.visible, 50),
            visible_p99_ms: percentile(&drained.visible, 99),
            lost: drained.lost,
        }
    }
}

/// The time that so many of a hundred stay within, in milliseconds; 0 for none.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "accepted   {} in {:.1} s: {:.0}/s",
            self.accepted, self.posting_secs, self.accepted_per_sec
        )?;
        if let Some(reason) = &self.refused_because {
            writeln!(f, "refused    {}, for example: {reason}", self.refused)?;
        }
        writeln!(
            f,
            "answer     p50 {:.1} ms, p99 {:.1} ms",
            self.answer_p50_ms, self.answer_p99_ms
        )?;
        writeln!(f, "drained    in {:.1} s: {:.0}/s", self.drained_secs, self.drained_per_sec)?;
        writeln!(
            f,
            "visible    p50 {:.0} ms, p99 {:.0} ms (of {} watched)",
            self.visible_p50_ms, self.visible_p99_ms, self.visible_watched
        )?;
        writeln!(f, "lost       {}", self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert!((percentile(&times, 50) - 50.0).abs() < 1e-9);
        assert!((percentile(&times, 99) - 99.0).abs() < 1e-9);
        assert!((percentile(&times[..1], 99) - 100.0).abs() < 1e-9);
        assert!(percentile(&[], 50).abs() < 1e-9);
    }
}
