//! Jobs that run alone in their processor: those that have lost leases before. Should one of them be
//! what ends processors, no other job is taken down by it, and only its own count grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auxilio_common::job::TakenJob;
use auxilio_common::limits;
use tokio::sync::{Notify, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The door that every job of a processor goes through.
#[derive(Clone, Default)]
pub(crate) struct Alone {
    door: Arc<RwLock<()>>,
    /// Jobs that want to be, or are, alone.
    wanted: Arc<AtomicUsize>,
    over: Arc<Notify>,
}

/// A job's stay; it ends when this is dropped.
pub(crate) struct Stay {
    _shared: Option<OwnedRwLockReadGuard<()>>,
    _alone: Option<OwnedRwLockWriteGuard<()>>,
    _wish: Option<Wish>,
}

/// A job's wish to be alone, while it waits and while it is.
struct Wish(Alone);

impl Alone {
    /// Lets a job in: at once, or when it may be alone. Those that come later wait for it.
    pub(crate) async fn enter(&self, job: &TakenJob) -> Stay {
        let door = Arc::clone(&self.door);
        if job.lost_leases < limits::LOST_LEASES_ALONE {
            return Stay { _shared: Some(door.read_owned().await), _alone: None, _wish: None };
        }
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let wish = Wish(self.clone());
        Stay { _alone: Some(door.write_owned().await), _shared: None, _wish: Some(wish) }
    }

    /// Whether a job wants to be alone, so that nothing else should be taken: another processor may
    /// have room for it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }

    /// Resolves when the next such job has ended.
    pub(crate) async fn over(&self) {
        self.over.notified().await;
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        self.0.wanted.fetch_sub(1, Ordering::Relaxed);
        self.0.over.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::{Generation, Lane, Timestamp};
    use futures::FutureExt;

    use super::*;

    fn job(lost_leases: i32) -> TakenJob {
        TakenJob {
            crash_id: "0b794045-87ec-4649-9ce1-73ec00210106".parse().unwrap(),
            lane: Lane::Standard,
            token: 1,
            generation: Generation(1),
            lease_until: Timestamp::from_micros(0),
            attempts: 1,
            deaths: 0,
            lost_leases,
        }
    }

    #[tokio::test]
    async fn a_job_with_lost_leases_has_the_processor_for_itself() {
        let alone = Alone::default();
        let (first, second) = (alone.enter(&job(2)).await, alone.enter(&job(0)).await);
        let fragile = job(limits::LOST_LEASES_ALONE);
        let mut waiting = Box::pin(alone.enter(&fragile));
        assert!(waiting.as_mut().now_or_never().is_none() && alone.is_wanted());
        drop(first);
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(second);
        let stay = waiting.await;
        let (after, over) = (job(0), alone.over());
        let mut next = Box::pin(alone.enter(&after));
        assert!(next.as_mut().now_or_never().is_none());
        let mut over = Box::pin(over);
        assert!(over.as_mut().now_or_never().is_none());
        drop(stay);
        over.await;
        assert!(!alone.is_wanted());
        next.await;
    }

    #[tokio::test]
    async fn a_wish_that_is_dropped_holds_nobody_up() {
        let alone = Alone::default();
        let first = alone.enter(&job(0)).await;
        let fragile = job(limits::LOST_LEASES_ALONE);
        assert!(Box::pin(alone.enter(&fragile)).now_or_never().is_none());
        assert!(!alone.is_wanted());
        alone.enter(&job(0)).await;
        drop(first);
    }
}
