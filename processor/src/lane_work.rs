//! Taking jobs from lanes and running them: what the worker loop drives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use auxilio_common::Lane;
use auxilio_database::{Error, Listener};
use auxilio_service::worker::Work;
use auxilio_service::{BoxError, metrics};
use tokio::sync::Mutex;

use crate::alone::Alone;
use crate::job_run::JobRunner;
use crate::leases::{Lease, Leases};
use crate::registration::Registration;

/// Of the common workers, every fourth take prefers old crashes to new ones.
const REPROCESS_EVERY: u64 = 4;

/// Which lanes a loop serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// All; new crashes first, those that somebody waits for when nothing else is due.
    All,
    /// Only those that somebody waits for.
    Priority,
}

/// One loop's work.
pub(crate) struct LaneWork {
    pub(crate) serves: Serves,
    pub(crate) runner: Arc<JobRunner>,
    pub(crate) registration: Arc<Registration>,
    pub(crate) leases: Leases,
    pub(crate) alone: Alone,
    pub(crate) hints: Mutex<Listener>,
    pub(crate) takes: AtomicU64,
}

impl LaneWork {
    fn lanes(&self) -> &'static [Lane] {
        let take = self.takes.fetch_add(1, Ordering::Relaxed);
        lanes(self.serves, take)
    }

    async fn run_held(&self, lease: &Lease) -> &'static str {
        let _stay = self.alone.enter(&lease.job).await;
        self.runner.run(&lease.job).await
    }
}

/// The lanes of a take, in the order in which they are asked.
fn lanes(serves: Serves, take: u64) -> &'static [Lane] {
    match serves {
        Serves::Priority => &[Lane::Priority],
        Serves::All if (take + 1).is_multiple_of(REPROCESS_EVERY) => {
            &[Lane::Reprocess, Lane::Standard, Lane::Priority]
        }
        Serves::All => &[Lane::Standard, Lane::Reprocess, Lane::Priority],
    }
}

#[async_trait]
impl Work for LaneWork {
    type Item = Lease;

    async fn take(&self, max: usize) -> Result<Vec<Lease>, BoxError> {
        let runner = &self.runner;
        if self.alone.is_wanted() {
            return Ok(Vec::new());
        }
        runner.gate.pass(&*runner.store, &*runner.shell.clock).await?;
        let Some(id) = self.registration.id() else { return Ok(Vec::new()) };
        let mut taken = Vec::new();
        for lane in self.lanes() {
            if taken.len() >= max {
                break;
            }
            let room = max - taken.len();
            let jobs = match runner.database.take_jobs(id, *lane, room, runner.config.lease()).await
            {
                Ok(jobs) => jobs,
                Err(Error::UnknownProcessor { .. }) => {
                    self.registration.forget(id);
                    break;
                }
                // What was taken already must be run.
                Err(_) if !taken.is_empty() => break,
                Err(error) => return Err(error.into()),
            };
            metrics::PROCESSOR_TAKEN.add(jobs.len() as u64, &[lane.as_str()]);
            taken.extend(jobs.into_iter().map(|job| self.leases.hold(job)));
        }
        Ok(taken)
    }

    async fn run(&self, lease: Lease) {
        let clock = &self.runner.shell.clock;
        let began = clock.monotonic();
        let end = tokio::select! {
            end = self.run_held(&lease) => end,
            () = lease.lost() => {
                tracing::warn!(crash_id = %lease.job.crash_id, "the lease was lost and the job is dropped");
                "refused"
            }
        };
        metrics::PROCESSOR_ENDED.add(1, &[end]);
        let took = clock.monotonic().saturating_sub(began).as_secs_f64();
        metrics::PROCESSOR_PROCESS.record(took, &[]);
        tracing::info!(crash_id = %lease.job.crash_id, lane = lease.job.lane.as_str(), end, took, "a job ended");
    }

    async fn idle(&self) {
        let mut hints = self.hints.lock().await;
        tokio::select! {
            () = hints.word() => {}
            () = self.registration.registered() => {}
            () = self.alone.over() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fourth_take_prefers_old_crashes_and_no_lane_is_left_out() {
        let firsts: Vec<Lane> = (0..8).map(|take| lanes(Serves::All, take)[0]).collect();
        assert_eq!(firsts.iter().filter(|lane| **lane == Lane::Reprocess).count(), 2);
        assert!(firsts.iter().all(|lane| *lane != Lane::Priority));
        assert!((0..8).all(|take| lanes(Serves::All, take).len() == 3));
        assert_eq!(lanes(Serves::Priority, 3), [Lane::Priority]);
    }
}
