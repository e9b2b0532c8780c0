//! The work of the loop: what is carried next, and how one crash is carried.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::CrashStore;
use auxilio_service::backoff::Backoff;
use auxilio_service::worker::Work;
use auxilio_service::{BoxError, Shell, error_chain};
use auxilio_spool::{Claim, Entry, Spool, Watch};

use crate::Config;
use crate::hands::{Hands, Held};
use crate::hint::Hints;
use crate::wanted::Wanted;

/// Entries that one scan brings. Their order is as old as the scan: a second or less under load.
const SCAN_MAX: usize = 256;

pub(crate) struct Mover {
    pub(crate) config: Config,
    pub(crate) spool: Arc<Spool>,
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) shell: Shell,
    pub(crate) hands: Arc<Hands>,
    pub(crate) hints: Hints,
    pub(crate) wanted: Arc<Wanted>,
    scanned: Mutex<VecDeque<Entry>>,
    watch: tokio::sync::Mutex<Option<Watch>>,
}

/// A crash in our hands.
pub(crate) struct Load {
    pub(crate) claim: Claim,
    pub(crate) held: Held,
    pub(crate) backoff: Backoff,
    /// Whether an earlier try failed.
    pub(crate) again: bool,
}

/// What became of an attempt to take a crash up.
enum Taken {
    /// It is in our hands.
    Load(Load),
    /// Somebody else holds it, or has carried it away.
    Elsewhere,
    /// As many bytes as may be are in our hands.
    Full,
}

impl Mover {
    /// Needs a runtime around it, for the watch.
    pub(crate) fn new(
        config: Config,
        spool: Arc<Spool>,
        store: Arc<dyn CrashStore>,
        shell: Shell,
        hints: Hints,
    ) -> Self {
        let watch = match Watch::begin(&spool) {
            Ok(watch) => Some(watch),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "no wake-up: scanning only");
                None
            }
        };
        Self {
            config,
            spool,
            store,
            shell,
            hands: Arc::default(),
            hints,
            wanted: Arc::default(),
            scanned: Mutex::default(),
            watch: tokio::sync::Mutex::new(watch),
        }
    }

    /// Blocks: claims at most `max` crashes. Those that are due again take at most half of the
    /// slots, so that what fails for its own reasons never stops the others.
    fn claim_next(self: &Arc<Self>, max: usize) -> Result<Vec<Load>, BoxError> {
        let mut loads = Vec::new();
        let now = self.shell.clock.monotonic();
        for waiting in self.hands.take_due(now, max.div_ceil(2)) {
            match self.claim(&waiting.entry, waiting.backoff.clone(), true)? {
                Taken::Load(load) => loads.push(load),
                Taken::Elsewhere => {}
                Taken::Full => self.hands.wait(waiting.entry, waiting.backoff, now),
            }
        }
        let mut may_scan = true;
        while loads.len() < max && self.hands.may_take_new() {
            let next = self.scanned().pop_front();
            match next {
                Some(entry) => match self.claim(&entry, self.fresh_backoff(), false)? {
                    Taken::Load(load) => loads.push(load),
                    Taken::Elsewhere => {}
                    Taken::Full => {
                        self.scanned().push_front(entry);
                        break;
                    }
                },
                None if may_scan => {
                    may_scan = false;
                    let passed_over = self.hands.paths();
                    let found = self.spool.scan(SCAN_MAX, |path| passed_over.contains(path))?;
                    *self.scanned() = found.into();
                }
                None => break,
            }
        }
        Ok(loads)
    }

    fn claim(&self, entry: &Entry, backoff: Backoff, again: bool) -> Result<Taken, BoxError> {
        let Some(claim) = self.spool.claim(entry)? else { return Ok(Taken::Elsewhere) };
        let max = self.config.bytes_in_flight_max;
        let held = self.hands.hold(&entry.path, claim.bytes()?, max);
        Ok(held.map_or(Taken::Full, |held| Taken::Load(Load { claim, held, backoff, again })))
    }

    pub(crate) fn fresh_backoff(&self) -> Backoff {
        Backoff::new(
            Duration::from_millis(self.config.retry_wait_min_ms),
            Duration::from_millis(self.config.retry_wait_max_ms),
        )
    }

    fn scanned(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        self.scanned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next_due(&self) {
        let Some(due) = self.hands.next_due() else { return std::future::pending().await };
        tokio::time::sleep(due.saturating_sub(self.shell.clock.monotonic())).await;
    }

    async fn arrived(&self) {
        let mut watch = self.watch.lock().await;
        let Some(watching) = &mut *watch else { return std::future::pending().await };
        if let Err(error) = watching.arrived().await {
            tracing::warn!(error = error_chain(&error), "wake-up ended: scanning only");
            *watch = None;
        }
    }
}

/// The loop's view of the mover.
pub(crate) struct Carrying(pub(crate) Arc<Mover>);

#[async_trait]
impl Work for Carrying {
    type Item = Load;

    async fn take(&self, max: usize) -> Result<Vec<Load>, BoxError> {
        let mover = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || mover.claim_next(max)).await?
    }

    async fn run(&self, load: Load) {
        self.0.carry(load).await;
    }

    async fn idle(&self) {
        tokio::select! {
            () = self.0.arrived() => {}
            () = self.0.hands.freed() => {}
            () = self.0.next_due() => {}
        }
    }
}
