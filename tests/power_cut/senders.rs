//! Clients that post until they are told to stop, or nobody answers any more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use auxilio_common::CrashId;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::crashes;

/// Clients side by side.
const SENDERS: u64 = 6;

pub(crate) struct Senders {
    threads: Vec<JoinHandle<Vec<CrashId>>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
}

impl Senders {
    pub(crate) fn start(collector: SocketAddr) -> Self {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let threads = (0..SENDERS).map(|seed| {
            let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
            std::thread::spawn(move || {
                let mut ids = Vec::new();
                let mut random = SplitMix::new(seed);
                let mut dump = vec![0; 60_000];
                random.fill(&mut dump);
                while !stop.load(Ordering::SeqCst) {
                    let bytes = 100 + ids.len() * 997 % 59_000;
                    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
                    // Whoever gets no answer still has his crash: that one may be lost here.
                    let Ok(id) = crashes::post(collector, &fields, Some(&dump[..bytes])) else {
                        break;
                    };
                    ids.push(id);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                ids
            })
        });
        Self { threads: threads.collect(), stop, acknowledged }
    }

    /// How many crashes were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Stops them; answers all that was acknowledged.
    pub(crate) fn stop(self) -> Vec<CrashId> {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    }
}
