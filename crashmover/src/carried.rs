//! One of the spools that are carried: what was found in it, and what is wrong with it.
//!
//! A spool that is absent, can't be read or does not answer harms itself alone: it is left alone
//! for a while and tried again.

use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_service::metrics::CRASHMOVER_SPOOL_FAILING;
use auxilio_service::{Shell, error_chain};
use auxilio_spool::{Entry, Source, Watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::CarriedSpool;

/// Entries that one scan brings. Their order is as old as the scan: a second or less under load.
const SCAN_MAX: usize = 256;

/// First and longest wait before a spool is tried again that could not be read.
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(5);

/// Time within which a spool answers. Later answers are dropped: what it says by then is old.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// What is wrong with a spool that did not answer in time.
const SILENT: &str = "it does not answer";

/// What a spool is asked for. Each may be under way once: a disk that hangs keeps one thread each.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Errand {
    /// The next crashes.
    Next,
    /// Crashes that somebody waits for.
    Wanted,
}

/// A spool that is carried, with what is known of it.
pub(crate) struct Carried {
    pub(crate) name: String,
    pub(crate) source: Source,
    /// How many slots it was offered so far.
    pub(crate) slots_offered: AtomicUsize,
    shell: Shell,
    scan_every: Duration,
    state: Mutex<State>,
    watch: Mutex<Watching>,
    under_way: [AtomicBool; 2],
}

struct State {
    scanned: VecDeque<Entry>,
    /// The last scan found nothing, and nothing has come since, as far as the watch knows.
    quiet: bool,
    /// Something has come since the last scan began, which may have missed it.
    arrived: bool,
    /// When it is scanned even though it is quiet, by the monotonic clock.
    scan_at: Duration,
    trouble: Option<String>,
    backoff: Backoff,
    rests_until: Duration,
}

enum Watching {
    /// To be begun before the next scan.
    Not,
    /// The same, and that it failed was said.
    Failed,
    Watch(Box<Watch>),
}

impl Carried {
    pub(crate) fn new(spool: CarriedSpool, scan_every: Duration, shell: Shell) -> Self {
        CRASHMOVER_SPOOL_FAILING.set(0.0, &[&spool.name]);
        Self {
            name: spool.name,
            source: spool.source,
            slots_offered: AtomicUsize::new(0),
            shell,
            scan_every,
            state: Mutex::new(State {
                scanned: VecDeque::new(),
                quiet: false,
                arrived: false,
                scan_at: Duration::ZERO,
                trouble: None,
                backoff: Backoff::new(REST_MIN, REST_MAX),
                rests_until: Duration::ZERO,
            }),
            watch: Mutex::new(Watching::Not),
            under_way: [AtomicBool::new(false), AtomicBool::new(false)],
        }
    }

    /// Begins something that may wait for the spool's disk; `None` while the one before has not
    /// come back.
    pub(crate) fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        errand: Errand,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<Asked<T>> {
        let under_way = UnderWay::begin(self, errand)?;
        let answer = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(under_way);
            answer
        });
        let until = Instant::now() + ANSWER_TIME_MAX;
        Some(Asked { spool: Arc::clone(self), answer, until })
    }

    /// Whether it may be asked for crashes: it is not resting, and the last question was answered.
    pub(crate) fn may_be_asked(&self) -> bool {
        !self.under_way(Errand::Next).load(Ordering::Acquire) && !self.rests()
    }

    /// Whether it is left alone, because it could not be read.
    pub(crate) fn rests(&self) -> bool {
        self.lock().rests_until > self.shell.clock.monotonic()
    }

    /// Whether it may have new crashes, as far as is known without a look at its disk.
    pub(crate) fn may_have_new(&self) -> bool {
        let mut state = self.lock();
        if state.quiet && state.scan_at > self.shell.clock.monotonic() && !self.has_arrived() {
            return false;
        }
        // What has arrived is remembered until it is scanned.
        state.quiet = false;
        true
    }

    /// Blocks: the next entry; a scan leaves out those passed over, and uses `may_scan` up.
    pub(crate) fn next(
        &self,
        may_scan: &mut bool,
        passed_over: impl Fn(&Path) -> bool,
    ) -> Option<Entry> {
        if let Some(entry) = self.lock().scanned.pop_front() {
            return Some(entry);
        }
        if !std::mem::take(may_scan) {
            return None;
        }
        self.scan(passed_over);
        self.lock().scanned.pop_front()
    }

    /// Gives an entry back that could not be taken up for want of room.
    pub(crate) fn give_back(&self, entry: Entry) {
        self.lock().scanned.push_front(entry);
    }

    /// Resolves when something may have arrived, unless the spool can't be watched.
    pub(crate) fn poll_arrived(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut watch = self.watch();
        let Watching::Watch(watching) = &mut *watch else { return Poll::Pending };
        let Poll::Ready(arrived) = pin!(watching.arrived()).poll(context) else {
            return Poll::Pending;
        };
        if let Err(error) = arrived {
            let error = error_chain(&error);
            tracing::warn!(spool = self.name, error, "wake-up ended: scanning only");
            *watch = Watching::Failed;
        }
        drop(watch);
        let mut state = self.lock();
        (state.quiet, state.arrived) = (false, true);
        Poll::Ready(())
    }

    /// Whether something has come while it was asked; says so once.
    pub(crate) fn take_arrived(&self) -> bool {
        std::mem::take(&mut self.lock().arrived)
    }

    /// What is wrong with it, in words.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    fn scan(&self, passed_over: impl Fn(&Path) -> bool) {
        {
            let mut state = self.lock();
            (state.quiet, state.arrived) = (true, false);
        }
        let found = self.source.check_writable().and_then(|()| {
            // Before the scan: what comes after the scan must wake us.
            self.begin_watch();
            self.source.scan(SCAN_MAX, passed_over)
        });
        let now = self.shell.clock.monotonic();
        match found {
            Ok(found) => {
                let mut state = self.lock();
                // What has come meanwhile has said so itself.
                state.quiet &= found.entries.is_empty();
                state.scan_at = now.saturating_add(self.scan_every);
                state.scanned = found.entries.into();
                drop(state);
                match found.unreadable {
                    Some(error) => self.is_in_trouble(error_chain(&error), false),
                    None => self.is_well(),
                }
            }
            Err(error) => {
                // Whatever comes back may be another folder: it is watched anew.
                *self.watch() = Watching::Not;
                self.lock().scanned.clear();
                self.is_in_trouble(error_chain(&error), true);
            }
        }
    }

    fn begin_watch(&self) {
        let said = match &*self.watch() {
            Watching::Watch(_) => return,
            Watching::Failed => true,
            Watching::Not => false,
        };
        // Not under the lock: the disk may hang.
        let begun = Watch::begin(&self.source);
        *self.watch() = match begun {
            Ok(watch) => Watching::Watch(Box::new(watch)),
            Err(error) => {
                if !said {
                    let error = error_chain(&error);
                    tracing::warn!(spool = self.name, error, "no wake-up: scanning only");
                }
                Watching::Failed
            }
        };
    }

    /// Whether the watch has seen something since it was last asked.
    fn has_arrived(&self) -> bool {
        let Watching::Watch(watch) = &mut *self.watch() else { return false };
        let mut context = Context::from_waker(Waker::noop());
        pin!(watch.arrived()).poll(&mut context).is_ready()
    }

    fn is_in_trouble(&self, text: String, rests: bool) {
        let mut state = self.lock();
        if rests {
            let wait = state.backoff.next(&*self.shell.random);
            state.rests_until = self.shell.clock.monotonic().saturating_add(wait);
        }
        if state.trouble.as_ref() != Some(&text) {
            CRASHMOVER_SPOOL_FAILING.set(1.0, &[&self.name]);
            tracing::warn!(
                spool = self.name,
                error = text,
                "a spool can't be carried: trying again"
            );
            state.trouble = Some(text);
        }
    }

    fn is_well(&self) {
        let mut state = self.lock();
        state.backoff.reset();
        state.rests_until = Duration::ZERO;
        if state.trouble.take().is_some() {
            CRASHMOVER_SPOOL_FAILING.set(0.0, &[&self.name]);
            tracing::info!(spool = self.name, "a spool can be carried again");
        }
    }

    fn under_way(&self, errand: Errand) -> &AtomicBool {
        &self.under_way[errand as usize]
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) -> MutexGuard<'_, Watching> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An errand that has not come back.
struct UnderWay {
    spool: Arc<Carried>,
    errand: Errand,
}

impl UnderWay {
    fn begin(spool: &Arc<Carried>, errand: Errand) -> Option<Self> {
        let begun = !spool.under_way(errand).swap(true, Ordering::AcqRel);
        begun.then(|| Self { spool: Arc::clone(spool), errand })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.spool.under_way(self.errand).store(false, Ordering::Release);
    }
}

/// A question that is under way.
pub(crate) struct Asked<T> {
    spool: Arc<Carried>,
    answer: JoinHandle<T>,
    until: Instant,
}

impl<T> Asked<T> {
    /// The answer; `None` if it does not come in time: then what it brings is dropped.
    pub(crate) async fn answer(self) -> Option<T> {
        let spool = &self.spool;
        match tokio::time::timeout_at(self.until, self.answer).await {
            Ok(Ok(answer)) => {
                if spool.trouble().as_deref() == Some(SILENT) {
                    spool.is_well();
                }
                Some(answer)
            }
            Ok(Err(error)) => {
                let error = error_chain(&error);
                tracing::error!(spool = spool.name, error, "a look into a spool ended");
                None
            }
            Err(_) => {
                spool.is_in_trouble(SILENT.to_owned(), true);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use auxilio_service::{Shutdown, Version};

    use super::*;

    #[tokio::test]
    async fn a_spool_that_does_not_answer_is_left_alone_until_it_does() {
        let version = Version { version: "0", commit: "0" };
        let shell = Shell::new("crashmover", version, Shutdown::new());
        let source = Source::new("/nowhere".into(), Arc::clone(&shell.clock));
        let spool = CarriedSpool { name: "disk".to_owned(), source };
        let spool = Arc::new(Carried::new(spool, Duration::from_secs(1), shell));
        let (release, disk) = mpsc::channel::<()>();
        let hangs = spool.ask(Errand::Next, move || disk.recv().is_ok()).unwrap();
        assert!(!spool.may_be_asked() && spool.ask(Errand::Next, || true).is_none());
        // Another errand is another thread.
        let wanted = spool.ask(Errand::Wanted, || 7).unwrap();
        assert_eq!((wanted.answer().await, spool.trouble()), (Some(7), None));
        assert_eq!(hangs.answer().await, None);
        assert_eq!(spool.trouble().as_deref(), Some(SILENT));
        release.send(()).unwrap();
        let healed = async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if spool.may_be_asked() {
                    break spool.ask(Errand::Next, || 8).unwrap().answer().await;
                }
            }
        };
        let healed = tokio::time::timeout(Duration::from_mins(1), healed).await;
        assert_eq!((healed.unwrap(), spool.trouble()), (Some(8), None));
    }
}
