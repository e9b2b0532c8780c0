//! How long the queue is and how old its oldest job, as metrics of the active monitor.

use std::time::Duration;

use auxilio_common::{Lane, Timestamp};
use auxilio_database::QueueDepth;
use auxilio_service::error_chain;
use auxilio_service::metrics::{MONITOR_JOBS, MONITOR_OLDEST_JOB};

use crate::active::Active;

/// Time between two counts, and at least so many times as long as a count takes: a long queue is
/// read whole for it.
const COUNT_EVERY: Duration = Duration::from_secs(5);
const COUNT_SHARE: u32 = 50;

/// The names of a job's states.
const STATES: [&str; 3] = ["waiting_for_raw", "queued", "taken"];

impl Active<'_> {
    /// Counts until the future is dropped.
    pub(crate) async fn count_jobs(&self) {
        loop {
            let started = self.shell.clock.monotonic();
            match self.intake.database().queue_depths().await {
                Ok(depths) => show(&depths, self.shell.clock.now()),
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "the queue can't be counted");
                }
            }
            let took = self.shell.clock.monotonic().saturating_sub(started);
            tokio::time::sleep(COUNT_EVERY.max(took.saturating_mul(COUNT_SHARE))).await;
        }
    }
}

/// Sets the gauges of all lanes and states; what is not counted is zero.
pub(crate) fn show(depths: &[QueueDepth], now: Timestamp) {
    for lane in [Lane::Priority, Lane::Standard, Lane::Reprocess] {
        let of =
            |state: &str| depths.iter().find(|depth| depth.lane == lane && depth.state == state);
        for state in STATES {
            let jobs = of(state).map_or(0, |depth| depth.jobs);
            MONITOR_JOBS.set(jobs as f64, &[lane.as_str(), state]);
        }
        let age = of("queued").map_or(Duration::ZERO, |depth| now.since(depth.oldest_queued_at));
        MONITOR_OLDEST_JOB.set(age.as_secs_f64(), &[lane.as_str()]);
    }
}

#[cfg(test)]
mod tests {
    use auxilio_service::metrics;

    use super::*;

    #[test]
    fn every_lane_and_state_has_its_number_and_what_is_gone_is_zero() {
        let handle = metrics::install().unwrap();
        let now = Timestamp::from_micros(100_000_000);
        let depth = |lane, state: &str, jobs| QueueDepth {
            lane,
            state: state.to_owned(),
            jobs,
            oldest_queued_at: Timestamp::from_micros(60_000_000),
        };
        let standard = depth(Lane::Standard, "queued", 7);
        show(&[standard.clone(), depth(Lane::Priority, "taken", 2)], now);
        show(&[standard], now);
        let text = handle.render();
        for line in [
            r#"auxilio_monitor_jobs_count{lane="standard",state="queued"} 7"#,
            r#"auxilio_monitor_jobs_count{lane="priority",state="taken"} 0"#,
            r#"auxilio_monitor_jobs_count{lane="reprocess",state="waiting_for_raw"} 0"#,
            r#"auxilio_monitor_oldest_job_seconds{lane="standard"} 40"#,
            r#"auxilio_monitor_oldest_job_seconds{lane="priority"} 0"#,
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
