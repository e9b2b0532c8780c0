//! The work of the loop: which crashes are carried next, over all spools.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::CrashStore;
use auxilio_service::backoff::Backoff;
use auxilio_service::metrics::{CRASHMOVER_FAILURES, CRASHMOVER_UNOPENED};
use auxilio_service::worker::Work;
use auxilio_service::{BoxError, Shell, error_chain};
use auxilio_spool::{Claim, Entry, Ledger};

use crate::Config;
use crate::answers::Answers;
use crate::carried::{Carried, Errand};
use crate::hands::{Hands, Held, Slot};
use crate::hint::Hints;
use crate::receipt::Remembered;
use crate::shares::{Sharer, most_of, share_out};
use crate::waiting::Waiting;
use crate::wanted::Wanted;

/// Every so many slots one is first for a crash that is due again: after an outage a thousand are, and
/// those that come then shall not wait for all of them.
const DUE_EVERY: usize = 3;

/// Files that can't be opened cost no slot; so many of them are tried again at a time.
const UNOPENED_TRIED: usize = 64;

pub(crate) struct Mover {
    pub(crate) config: Config,
    pub(crate) spools: Vec<Arc<Carried>>,
    pub(crate) store: Arc<dyn CrashStore>,
    pub(crate) shell: Shell,
    pub(crate) hands: Arc<Hands>,
    pub(crate) hints: Hints,
    pub(crate) ledger: Arc<Ledger>,
    /// Who left the spools lately.
    pub(crate) remembered: Arc<Remembered>,
    pub(crate) wanted: Arc<Wanted>,
    answers: Arc<Answers>,
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
    Full,
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
        let wanted = Arc::new(Wanted::new(spools.len()));
        let (remembered, answers, turn) = (Arc::default(), Arc::default(), AtomicUsize::new(0));
        Self {
            config,
            spools,
            store,
            shell,
            hands,
            hints,
            ledger,
            remembered,
            wanted,
            answers,
            turn,
        }
    }

    /// At most `max` crashes that spools have answered with; those that may have more are asked,
    /// each by itself. None is waited for, so that one that answers slowly holds up nobody: what it
    /// answers with is claimed already, and comes with a later take.
    fn take_next(self: &Arc<Self>, max: usize) -> Vec<Load> {
        let came = self.answers.take(max);
        let shares = self.shares(max - came.len());
        for (spool, share) in shares.into_iter().enumerate().filter(|(_, share)| *share > 0) {
            let mover = Arc::clone(self);
            let work = move || mover.claim_next(spool, share);
            self.answers.expect(self.spools[spool].ask(Errand::Next, work));
        }
        came
    }

    /// How many of the free slots each spool gets.
    fn shares(&self, free: usize) -> Vec<usize> {
        let most = most_of(self.config.workers, self.spools.len());
        let now = self.shell.clock.monotonic();
        let counts = self.hands.shared_slots();
        let sharers: Vec<_> = (self.spools.iter().enumerate().zip(counts))
            .map(|((spool, carried), in_hand)| {
                let has_due = || self.hands.next_due(spool).is_some_and(|due| due <= now);
                let wants = carried.may_be_asked()
                    && !self.hands.lacks_room(spool)
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
        self.claim_unopened(spool, due, &mut loads);
        let mut may_scan = true;
        while loads.len() < max && self.hands.may_take_new(spool) {
            let passed_over = |path: &Path| self.hands.knows(spool, path);
            let Some(entry) = carried.next(&mut may_scan, passed_over) else { break };
            match self.claim(spool, &entry, self.fresh_backoff(), false, Slot::Shared) {
                Taken::Load(load) => loads.push(load),
                Taken::No => {}
                Taken::Full => {
                    carried.give_back(entry);
                    break;
                }
            }
        }
        let most = loads.len() + (max - loads.len()).min(max.div_ceil(2).saturating_sub(due));
        self.claim_due(spool, most, &mut loads);
        self.claim_unopened(spool, most, &mut loads);
        let unopened = self.hands.unopened(spool).map_or(0, |(count, _)| count);
        CRASHMOVER_UNOPENED.set(unopened as f64, &[&carried.name]);
        loads
    }

    /// Claims crashes whose next try is due, until there are `most`.
    fn claim_due(&self, spool: usize, most: usize, loads: &mut Vec<Load>) {
        let now = self.shell.clock.monotonic();
        while loads.len() < most {
            let Some(waiting) = self.hands.take_due(spool, now) else { return };
            match self.claim(spool, &waiting.entry, waiting.backoff.clone(), true, Slot::Shared) {
                Taken::Load(load) => loads.push(load),
                Taken::No => {}
                // The others would find no room either.
                Taken::Full => return self.hands.wait(spool, waiting),
            }
        }
    }

    /// Tries some of those again that could not be opened, until there are `most` loads.
    fn claim_unopened(&self, spool: usize, most: usize, loads: &mut Vec<Load>) {
        let now = self.shell.clock.monotonic();
        for Waiting { entry, backoff, .. } in self.hands.unopened_due(spool, now, UNOPENED_TRIED) {
            if loads.len() >= most {
                return;
            }
            match self.claim(spool, &entry, backoff, true, Slot::Shared) {
                Taken::Load(load) => {
                    self.hands.opens_again(spool, now);
                    loads.push(Load { backoff: self.fresh_backoff(), ..load });
                }
                Taken::No => {}
                Taken::Full => return,
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
            Ok(None) => {
                self.hands.gone(spool, &entry.path);
                return Taken::No;
            }
            Err(error) => {
                // Those beside it may well be opened.
                CRASHMOVER_FAILURES.add(1, &["retry"]);
                let waiting = self.waiting(entry, backoff, error_chain(&error));
                self.hands.wait_unopened(spool, waiting);
                return Taken::No;
            }
        };
        let bytes_max = self.config.bytes_in_flight_max;
        match self.hands.hold(spool, &entry.path, bytes, bytes_max, slot) {
            Some(held) => Taken::Load(Load { claim, held, backoff, again }),
            None => Taken::Full,
        }
    }

    /// Lets a crash that the store did not take wait for its next try.
    pub(crate) fn try_again(&self, spool: usize, entry: &Entry, backoff: Backoff, why: String) {
        let waiting = self.waiting(entry, backoff, why);
        self.hands.wait(spool, waiting);
    }

    fn waiting(&self, entry: &Entry, mut backoff: Backoff, why: String) -> Waiting {
        let wait = backoff.next(&*self.shell.random);
        let crash_id = entry.crash_id;
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let failures = backoff.failures();
        if failures.is_power_of_two() {
            tracing::warn!(%crash_id, error = why, failures, wait_ms, "crash not stored yet");
        } else {
            // An hour without a store is hundreds of thousands of tries.
            tracing::debug!(%crash_id, error = why, failures, wait_ms, "crash not stored yet");
        }
        let due = self.shell.clock.monotonic().saturating_add(wait);
        Waiting { entry: entry.clone(), backoff, due, why }
    }

    pub(crate) fn fresh_backoff(&self) -> Backoff {
        Backoff::new(
            Duration::from_millis(self.config.retry_wait_min_ms),
            Duration::from_millis(self.config.retry_wait_max_ms),
        )
    }

    /// Resolves when a crash is due again in a spool that may be asked and has slots and room left.
    async fn next_due(&self) {
        let most = most_of(self.config.workers, self.spools.len());
        let counts = self.hands.shared_slots();
        let may_be_asked = |spool: &usize| {
            counts[*spool] < most
                && self.spools[*spool].may_be_asked()
                && !self.hands.lacks_room(*spool)
        };
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
        Ok(self.0.take_next(max))
    }

    async fn run(&self, load: Load) {
        self.0.carry(load).await;
    }

    async fn idle(&self) {
        loop {
            tokio::select! {
                // An empty answer is no reason to ask again, unless something came meanwhile.
                () = self.0.answers.answered() => {
                    let arrived = self.0.spools.iter().filter(|spool| spool.take_arrived()).count();
                    if arrived > 0 || !self.0.answers.is_empty() {
                        return;
                    }
                }
                () = self.0.arrived() => return,
                () = self.0.hands.freed() => return,
                () = self.0.next_due() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests;
