//! A stream of crashes: posted one after another by several senders, as clients do who try again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auxilio_common::CrashId;

use crate::crashes::{self, Crashes};

/// Time that a sender goes on trying to have one crash acknowledged.
const PATIENCE: Duration = Duration::from_secs(120);

/// A stream under way.
pub struct Stream {
    senders: Vec<JoinHandle<()>>,
    acknowledged: Arc<Mutex<Vec<CrashId>>>,
}

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
        let next = Arc::new(AtomicUsize::new(0));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let senders = (0..2)
            .map(|_| {
                let (next, acknowledged, crashes) =
                    (Arc::clone(&next), Arc::clone(&acknowledged), Arc::clone(crashes));
                std::thread::spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= count {
                            break;
                        }
                        let id = post_until_acknowledged(collector, &crashes, number);
                        #[expect(
                            clippy::unwrap_used,
                            reason = "no sender panics while it holds the lock"
                        )]
                        acknowledged.lock().unwrap().push(id);
                        std::thread::sleep(pause);
                    }
                })
            })
            .collect();
        Self { senders, acknowledged }
    }

    /// How many were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().map_or(0, |ids| ids.len())
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
        self.acknowledged.lock().map(|ids| ids.clone()).unwrap_or_default()
    }
}

fn post_until_acknowledged(collector: SocketAddr, crashes: &Crashes, number: usize) -> CrashId {
    let dump = if number.is_multiple_of(3) { &crashes.abort } else { &crashes.segv };
    let text = number.to_string();
    let fields = [("ProductName", "Demo"), ("Version", "1.0"), ("Number", text.as_str())];
    let deadline = Instant::now() + PATIENCE;
    loop {
        match crashes::post(collector, &fields, Some(dump)) {
            Ok(id) => return id,
            Err(error) => {
                assert!(Instant::now() < deadline, "crash {number} is never taken: {error:#}");
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
