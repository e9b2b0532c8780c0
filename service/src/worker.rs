//! The worker loop, written once: bounded, leased and stoppable.
//!
//! Each item runs on a thread of its own, which it may keep waiting for a disk: there are as many
//! threads as slots, and an item does not change threads at every file that it touches.
//!
//! It takes no more than it has free slots for. What it took runs under its lease's time; whoever
//! overruns it is cut, because somebody else may hold the lease by then. Trying again belongs to
//! the loop, through what the work offers next, and never to the item.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::blocking::on_own_thread;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::backoff::Backoff;
use crate::{BoxError, Shell, error_chain};

/// The longest wait after a take that failed.
const TAKE_BACKOFF_MAX: Duration = Duration::from_secs(10);

/// How long a loop whose slots are nearly all taken waits for more of them before it takes again.
const GATHER_TIME: Duration = Duration::from_millis(2);

/// Work that comes in items.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// What is taken and worked on.
    type Item: Send + 'static;

    /// Takes at most `max` items that are due, and leases them. Nothing due is an empty list.
    async fn take(&self, max: usize) -> Result<Vec<Self::Item>, BoxError>;

    /// Works on one item to its end, whatever that is.
    async fn run(&self, item: Self::Item);

    /// Resolves when something may be due before the next poll.
    async fn idle(&self);
}

/// The bounds of a loop.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Items that run side by side.
    pub slots: usize,
    /// Time that an item may run.
    pub lease: Duration,
    /// Time between two takes when nothing is due and nobody hints.
    pub poll: Duration,
}

/// Runs the loop until the first stage of shutdown, then waits for what is held, until the second.
pub async fn drive<W: Work>(work: Arc<W>, bounds: Bounds, shell: &Shell) {
    let slots = Arc::new(Semaphore::new(bounds.slots.max(1)));
    let tasks = TaskTracker::new();
    let mut backoff = Backoff::new(Duration::from_millis(100), TAKE_BACKOFF_MAX);
    while !shell.shutdown.stopping() {
        let slot = tokio::select! {
            () = shell.shutdown.soft().cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        // The semaphore is never closed.
        let Ok(slot) = slot else { break };
        let mut free = 1 + slots.available_permits();
        // Items often end together; a take costs the same for one and for many.
        if free < bounds.slots / 4 {
            tokio::time::sleep(GATHER_TIME).await;
            free = 1 + slots.available_permits();
        }
        drop(slot);
        match work.take(free).await {
            Ok(items) if items.is_empty() => {
                backoff.reset();
                wait_for_more(&*work, bounds.poll, shell).await;
            }
            Ok(items) => {
                backoff.reset();
                for item in items {
                    start(&work, item, &slots, &tasks, bounds.lease, shell).await;
                }
            }
            Err(error) => {
                let wait = backoff.next(&*shell.random);
                tracing::warn!(
                    role = shell.role,
                    error = error_chain(&*error),
                    wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    "nothing could be taken"
                );
                shell.shutdown.sleep(wait).await;
            }
        }
    }
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        () = shell.shutdown.hard().cancelled() => {}
    }
}

async fn wait_for_more<W: Work>(work: &W, poll: Duration, shell: &Shell) {
    tokio::select! {
        () = shell.shutdown.soft().cancelled() => {}
        () = work.idle() => {}
        () = tokio::time::sleep(poll) => {}
    }
}

async fn start<W: Work>(
    work: &Arc<W>,
    item: W::Item,
    slots: &Arc<Semaphore>,
    tasks: &TaskTracker,
    lease: Duration,
    shell: &Shell,
) {
    // Free slots were counted before the take and only this loop uses them up: no wait, no error.
    let Ok(slot) = Arc::clone(slots).acquire_owned().await else { return };
    let (work, hard, role) = (Arc::clone(work), shell.shutdown.hard().clone(), shell.role);
    let runtime = tokio::runtime::Handle::current();
    let running = async move {
        tokio::select! {
            () = work.run(item) => {}
            () = tokio::time::sleep(lease) => tracing::warn!(role, "an item overran its lease and was cut"),
            () = hard.cancelled() => {}
        }
    };
    tasks.spawn_blocking(move || {
        let _slot = slot;
        on_own_thread(|| runtime.block_on(running));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::{Shutdown, Version};

    struct Countdown {
        left: Mutex<usize>,
        running: AtomicUsize,
        most: AtomicUsize,
        done: AtomicUsize,
        failed: AtomicBool,
        shutdown: Shutdown,
    }

    #[async_trait]
    impl Work for Countdown {
        type Item = usize;

        async fn take(&self, max: usize) -> Result<Vec<usize>, BoxError> {
            let mut left = self.left.lock().unwrap();
            if !self.failed.swap(true, Ordering::SeqCst) {
                return Err("one failure on the way".into());
            }
            let count = max.min(*left);
            *left -= count;
            Ok((0..count).collect())
        }

        async fn run(&self, item: usize) {
            let running = 1 + self.running.fetch_add(1, Ordering::SeqCst);
            self.most.fetch_max(running, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5 + item as u64)).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            self.done.fetch_add(1, Ordering::SeqCst);
        }

        async fn idle(&self) {
            self.shutdown.begin();
        }
    }

    #[tokio::test]
    async fn all_items_run_within_the_slots_and_the_loop_ends_when_told() {
        let shutdown = Shutdown::new();
        let work = Arc::new(Countdown {
            left: Mutex::new(23),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            shutdown: shutdown.clone(),
        });
        let shell = Shell::new("test", Version { version: "0", commit: "0" }, shutdown);
        let bounds =
            Bounds { slots: 4, lease: Duration::from_secs(5), poll: Duration::from_secs(5) };
        drive(Arc::clone(&work), bounds, &shell).await;
        assert_eq!(work.done.load(Ordering::SeqCst), 23);
        assert!(work.most.load(Ordering::SeqCst) <= 4);
    }

    struct Endless;

    #[async_trait]
    impl Work for Endless {
        type Item = ();

        async fn take(&self, _max: usize) -> Result<Vec<()>, BoxError> {
            Ok(vec![()])
        }

        async fn run(&self, (): ()) {
            std::future::pending::<()>().await;
        }

        async fn idle(&self) {}
    }

    #[tokio::test]
    async fn the_second_stage_cuts_what_never_ends() {
        let shutdown = Shutdown::new();
        let shell = Shell::new("test", Version { version: "0", commit: "0" }, shutdown.clone());
        let bounds =
            Bounds { slots: 2, lease: Duration::from_mins(10), poll: Duration::from_secs(5) };
        let looping = tokio::spawn(async move { drive(Arc::new(Endless), bounds, &shell).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        shutdown.begin();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!looping.is_finished());
        shutdown.cut();
        looping.await.unwrap();
    }
}
