//! A stream of crashes: posted one after another by several senders, as clients do who try again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auxilio_common::CrashId;

use crate::crashes::{self, Crashes};

/// Time that a sender goes on trying to have one crash acknowledged.
const PATIENCE: Duration = Duration::from_secs(120);

/// A stream under way.
pub struct Stream {
    senders: Vec<JoinHandle<()>>,
    next: Arc<AtomicUsize>,
    seen: Arc<Mutex<Seen>>,
}

/// What the senders saw.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<CrashId>,
    not_taken: usize,
    slowest: Duration,
}

/// More crashes than any stream posts.
const ENDLESS: usize = usize::MAX / 2;

impl Stream {
    /// Starts to post `count` crashes, with a pause after each, from two senders.
    ///
    /// A post that is not acknowledged is tried again: the client still has its crash.
    pub fn start(
        collector: SocketAddr,
        crashes: &Arc<Crashes>,
        count: usize,
        pause: Duration,
    ) -> Self {
        Self::with(collector, crashes, count, 2, move |_| std::thread::sleep(pause))
    }

    /// Starts a stream of so many crashes a second that goes on until [`Stream::stop`]. What was
    /// late is made up for.
    pub fn at_rate(collector: SocketAddr, crashes: &Arc<Crashes>, per_second: u32) -> Self {
        let began = Instant::now();
        Self::with(collector, crashes, ENDLESS, 8, move |number| {
            let due = Duration::from_secs_f64(number as f64 / f64::from(per_second));
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        })
    }

    fn with(
        collector: SocketAddr,
        crashes: &Arc<Crashes>,
        count: usize,
        senders: usize,
        pause: impl Fn(usize) + Clone + Send + 'static,
    ) -> Self {
        let next = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let senders = (0..senders)
            .map(|_| {
                let (next, seen, crashes, pause) =
                    (Arc::clone(&next), Arc::clone(&seen), Arc::clone(crashes), pause.clone());
                std::thread::spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= count {
                            break;
                        }
                        post_until_acknowledged(collector, &crashes, number, &seen);
                        pause(number);
                    }
                })
            })
            .collect();
        Self { senders, next, seen }
    }

    /// Starts a stream that goes on until [`Stream::stop`].
    pub fn endless(collector: SocketAddr, crashes: &Arc<Crashes>, pause: Duration) -> Self {
        Self::start(collector, crashes, ENDLESS, pause)
    }

    /// How many were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        lock(&self.seen).acknowledged.len()
    }

    /// How many posts were not acknowledged, and tried again.
    pub fn not_taken(&self) -> usize {
        lock(&self.seen).not_taken
    }

    /// The longest that a post took, and forgets it.
    pub fn take_slowest(&self) -> Duration {
        std::mem::take(&mut lock(&self.seen).slowest)
    }

    /// Ends the stream and answers every acknowledged id.
    ///
    /// # Panics
    ///
    /// When a sender had to give up.
    pub fn stop(self) -> Vec<CrashId> {
        self.next.store(ENDLESS, Ordering::SeqCst);
        self.finish()
    }

    /// Waits for the end and answers every acknowledged id.
    ///
    /// # Panics
    ///
    /// When a sender had to give up.
    pub fn finish(self) -> Vec<CrashId> {
        for sender in self.senders {
            assert!(sender.join().is_ok(), "a sender gave up");
        }
        std::mem::take(&mut lock(&self.seen).acknowledged)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // No sender panics while it holds the lock.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn post_until_acknowledged(
    collector: SocketAddr,
    crashes: &Crashes,
    number: usize,
    seen: &Mutex<Seen>,
) {
    let dump = if number.is_multiple_of(3) { &crashes.abort } else { &crashes.segv };
    let text = number.to_string();
    let fields = [("ProductName", "Demo"), ("Version", "1.0"), ("Number", text.as_str())];
    let deadline = Instant::now() + PATIENCE;
    loop {
        let began = Instant::now();
        let posted = crashes::post(collector, &fields, Some(dump));
        let mut now = lock(seen);
        now.slowest = now.slowest.max(began.elapsed());
        match posted {
            Ok(id) => {
                now.acknowledged.push(id);
                return;
            }
            Err(error) => {
                now.not_taken += 1;
                drop(now);
                assert!(Instant::now() < deadline, "crash {number} is never taken: {error:#}");
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
