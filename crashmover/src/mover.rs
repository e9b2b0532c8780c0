//! The work of the loop: which crashes are carried next, over all spools.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::CrashStore;
use auxilio_service::backoff::Backoff;
use auxilio_service::metrics::CRASHMOVER_FAILURES;
use auxilio_service::worker::Work;
use auxilio_service::{BoxError, Shell, error_chain};
use auxilio_spool::{Claim, Entry, Ledger};

use crate::Config;
use crate::carried::{Carried, Errand};
use crate::hands::{Hands, Held, Slot};
use crate::hint::Hints;
use crate::shares::{Sharer, most_of, share_out};
use crate::wanted::Wanted;

/// How long a crash that is due waits on while there is no room for it.
const NO_ROOM_WAIT: Duration = Duration::from_millis(50);

/// Every so many slots one is first for a crash that is due again: after an outage a thousand are, and
/// those that come then shall not wait for all of them.
const DUE_EVERY: usize = 3;

pub(crate) struct Mover {
    pub(crate) config: Config,
    pub(crate) spools: Vec<Arc<Carried>>,
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) shell: Shell,
    pub(crate) hands: Arc<Hands>,
    pub(crate) hints: Hints,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) wanted: Arc<Wanted>,
    turn: AtomicUsize,
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
pub(crate) enum Taken {
    /// It is in our hands.
    Load(Load),
    /// Somebody else holds it, or has carried it away, or it can't be opened and waits.
    No,
    /// As many bytes as may be are in our hands.
    Full(Backoff),
}

impl Mover {
    pub(crate) fn new(
        config: Config,
        spools: Vec<Arc<Carried>>,
        store: Arc<dyn CrashStore>,
        ledger: Arc<Ledger>,
        shell: Shell,
        hints: Hints,
    ) -> Self {
        let hands = Arc::new(Hands::new(spools.len()));
        let (wanted, turn) = (Arc::default(), AtomicUsize::new(0));
        Self { config, spools, store, shell, hands, hints, ledger, wanted, turn }
    }

    /// Claims at most `max` crashes, shared out among the spools that have some. Each is asked by
    /// itself: what one does not answer in time holds up nobody.
    async fn take_next(self: &Arc<Self>, max: usize) -> Vec<Load> {
        let mut loads = Vec::new();
        let mut may_want = vec![true; self.spools.len()];
        while loads.len() < max {
            let shares = self.shares(max - loads.len(), &may_want);
            let mut asked = Vec::new();
            for (spool, share) in shares.into_iter().enumerate().filter(|(_, share)| *share > 0) {
                let mover = Arc::clone(self);
                let work = move || mover.claim_next(spool, share);
                asked.push((spool, share, self.spools[spool].ask(Errand::Next, work)));
            }
            if asked.is_empty() {
                break;
            }
            for (spool, share, question) in asked {
                let claimed = match question {
                    Some(question) => question.answer().await.unwrap_or_default(),
                    None => Vec::new(),
                };
                may_want[spool] = claimed.len() == share;
                loads.extend(claimed);
            }
        }
        loads
    }

    /// How many of the free slots each spool gets.
    fn shares(&self, free: usize, may_want: &[bool]) -> Vec<usize> {
        let most = most_of(self.config.workers, self.spools.len());
        let now = self.shell.clock.monotonic();
        let counts = self.hands.shared_slots();
        let sharers: Vec<_> = (self.spools.iter().enumerate().zip(counts))
            .map(|((spool, carried), in_hand)| {
                let has_due = || self.hands.next_due(spool).is_some_and(|due| due <= now);
                let wants = may_want[spool]
                    && carried.may_be_asked()
                    && (has_due() || carried.may_have_new());
                Sharer { in_hand, wants }
            })
            .collect();
        if sharers.iter().any(|sharer| sharer.wants && sharer.in_hand >= most) {
            self.hands.turned_away();
        }
        share_out(free, &sharers, most, self.turn.fetch_add(1, Ordering::Relaxed))
    }

    /// Blocks: claims at most `max` crashes of a spool. Of those that are due again every third slot
    /// takes one, and what new ones leave free as well up to half, so that what fails for its own
    /// reasons never stops the others.
    fn claim_next(&self, spool: usize, max: usize) -> Vec<Load> {
        let mut loads = Vec::new();
        let carried = &self.spools[spool];
        let first = carried.slots_offered.fetch_add(max, Ordering::Relaxed);
        // Slots mostly come free one at a time: a share of `max` would be all of it.
        let due = (0..max).filter(|slot| first.wrapping_add(*slot) % DUE_EVERY == 0).count();
        self.claim_due(spool, due, &mut loads);
        let mut may_scan = true;
        while loads.len() < max && self.hands.may_take_new(spool) {
            let passed_over = || self.hands.paths(spool);
            let Some(entry) = carried.next(&mut may_scan, passed_over) else { break };
            match self.claim(spool, &entry, self.fresh_backoff(), false, Slot::Shared) {
                Taken::Load(load) => loads.push(load),
                Taken::No => {}
                Taken::Full(_) => {
                    carried.give_back(entry);
                    break;
                }
            }
        }
        let left = (max - loads.len()).min(max.div_ceil(2).saturating_sub(due));
        self.claim_due(spool, left, &mut loads);
        loads
    }

    fn claim_due(&self, spool: usize, max: usize, loads: &mut Vec<Load>) {
        let now = self.shell.clock.monotonic();
        for waiting in self.hands.take_due(spool, now, max) {
            match self.claim(spool, &waiting.entry, waiting.backoff, true, Slot::Shared) {
                Taken::Load(load) => loads.push(load),
                Taken::No => {}
                Taken::Full(backoff) => {
                    self.hands.wait(spool, waiting.entry, backoff, now + NO_ROOM_WAIT);
                }
            }
        }
    }

    /// Blocks: takes a crash up, unless the bytes in hand would be too many.
    pub(crate) fn claim(
        &self,
        spool: usize,
        entry: &Entry,
        backoff: Backoff,
        again: bool,
        slot: Slot,
    ) -> Taken {
        let opened = self.spools[spool]
            .source
            .claim(entry)
            .and_then(|claim| claim.map(|claim| Ok((claim.bytes()?, claim))).transpose());
        let (bytes, claim) = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) => return Taken::No,
            Err(error) => {
                // Those beside it may well be opened.
                CRASHMOVER_FAILURES.add(1, &["retry"]);
                self.try_again(spool, entry, backoff, &error_chain(&error));
                return Taken::No;
            }
        };
        let bytes_max = self.config.bytes_in_flight_max;
        match self.hands.hold(spool, &entry.path, bytes, bytes_max, slot) {
            Some(held) => Taken::Load(Load { claim, held, backoff, again }),
            None => Taken::Full(backoff),
        }
    }

    /// Lets a crash wait for its next try.
    pub(crate) fn try_again(&self, spool: usize, entry: &Entry, mut backoff: Backoff, text: &str) {
        let wait = backoff.next(&*self.shell.random);
        let crash_id = entry.crash_id;
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let failures = backoff.failures();
        if failures.is_power_of_two() {
            tracing::warn!(%crash_id, error = text, failures, wait_ms, "crash not stored yet");
        } else {
            // An hour without a store is hundreds of thousands of tries.
            tracing::debug!(%crash_id, error = text, failures, wait_ms, "crash not stored yet");
        }
        let due = self.shell.clock.monotonic().saturating_add(wait);
        self.hands.wait(spool, entry.clone(), backoff, due);
    }

    pub(crate) fn fresh_backoff(&self) -> Backoff {
        Backoff::new(
            Duration::from_millis(self.config.retry_wait_min_ms),
            Duration::from_millis(self.config.retry_wait_max_ms),
        )
    }

    /// Resolves when a crash is due again in a spool that may be asked and has slots left.
    async fn next_due(&self) {
        let most = most_of(self.config.workers, self.spools.len());
        let counts = self.hands.shared_slots();
        let may_be_asked =
            |spool: &usize| counts[*spool] < most && self.spools[*spool].may_be_asked();
        let due = (0..self.spools.len()).filter(may_be_asked);
        let Some(due) = due.filter_map(|spool| self.hands.next_due(spool)).min() else {
            return std::future::pending().await;
        };
        tokio::time::sleep(due.saturating_sub(self.shell.clock.monotonic())).await;
    }

    async fn arrived(&self) {
        std::future::poll_fn(|context| {
            let arrived = self.spools.iter().map(|carried| carried.poll_arrived(context));
            // All are asked, so that each wakes us.
            let any = arrived.filter(std::task::Poll::is_ready).count() > 0;
            if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// The loop's view of the mover.
pub(crate) struct Carrying(pub(crate) Arc<Mover>);

#[async_trait]
impl Work for Carrying {
    type Item = Load;

    async fn take(&self, max: usize) -> Result<Vec<Load>, BoxError> {
        Ok(self.0.take_next(max).await)
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
