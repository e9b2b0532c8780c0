//! The jobs that are held now: renewed together, and stopped when a lease is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_common::job::TakenJob;
use auxilio_database::Database;
use auxilio_service::error_chain;
use tokio_util::sync::CancellationToken;

/// All held jobs.
#[derive(Clone, Default)]
pub(crate) struct Leases {
    held: Arc<Mutex<HashMap<CrashId, (TakenJob, CancellationToken)>>>,
}

/// One held job; it is let go of when this is dropped.
pub(crate) struct Lease {
    pub(crate) job: TakenJob,
    lost: CancellationToken,
    all: Leases,
}

impl Leases {
    /// Begins to hold a job.
    pub(crate) fn hold(&self, job: TakenJob) -> Lease {
        let lost = CancellationToken::new();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // An older lease of the same crash can't be ours any more.
        if let Some((_, older)) = held.insert(job.crash_id, (job.clone(), lost.clone())) {
            older.cancel();
        }
        drop(held);
        Lease { job, lost, all: self.clone() }
    }

    /// Renews all leases in good time, for ever. Whoever lost one is told.
    pub(crate) async fn keep(&self, database: &Database, lease: Duration) {
        loop {
            tokio::time::sleep(lease / 3).await;
            let held = self.jobs();
            if held.is_empty() {
                continue;
            }
            match database.renew_leases(&held, lease).await {
                Ok(ours) => {
                    for job in held.iter().filter(|job| !ours.contains(&job.crash_id)) {
                        self.lose(job);
                    }
                }
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "leases could not be renewed");
                }
            }
        }
    }

    /// How many jobs are held.
    pub(crate) fn count(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn jobs(&self) -> Vec<TakenJob> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().map(|(job, _)| job.clone()).collect()
    }

    /// Stops a job whose lease is another's by now.
    fn lose(&self, lost: &TakenJob) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((job, token)) = held.get(&lost.crash_id)
            && job.token == lost.token
        {
            token.cancel();
        }
    }

    fn let_go(&self, job: &TakenJob) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&job.crash_id).is_some_and(|(held, _)| held.token == job.token) {
            held.remove(&job.crash_id);
        }
    }
}

impl Lease {
    /// Resolves when the lease is lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.all.let_go(&self.job);
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::{Generation, Lane, Timestamp};

    use super::*;

    fn job(token: i64) -> TakenJob {
        TakenJob {
            crash_id: "0b794045-87ec-4649-9ce1-73ec00210106".parse().unwrap(),
            lane: Lane::Standard,
            token,
            generation: Generation(token),
            lease_until: Timestamp::from_micros(0),
            attempts: 1,
            deaths: 0,
            lost_leases: 0,
        }
    }

    #[test]
    fn a_newer_lease_of_a_crash_ends_the_older_and_outlives_it() {
        let leases = Leases::default();
        let older = leases.hold(job(1));
        let newer = leases.hold(job(2));
        assert!(older.lost.is_cancelled() && !newer.lost.is_cancelled());
        drop(older);
        assert_eq!(leases.jobs(), [job(2)]);
        leases.lose(&job(1));
        assert!(!newer.lost.is_cancelled());
        leases.lose(&job(2));
        assert!(newer.lost.is_cancelled());
        drop(newer);
        assert!(leases.jobs().is_empty());
    }
}
