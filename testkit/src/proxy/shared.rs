//! What the threads of one proxy share: the order that holds, and the open connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Mode;
use super::connection::Link;

#[derive(Debug)]
pub(super) struct Shared {
    /// Where the bytes go: the addresses of one name.
    pub(super) target: Vec<SocketAddr>,
    pub(super) accepted: AtomicU64,
    pub(super) forwarded: AtomicU64,
    stopped: AtomicBool,
    state: Mutex<State>,
    /// Signalled with each change of the state.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// How often connections were cut: one that was accepted before the last time may not open.
    epoch: u64,
    /// Whether the door listens.
    listening: bool,
    links: Vec<Arc<Link>>,
}

impl Shared {
    pub(super) fn new(target: Vec<SocketAddr>) -> Self {
        let state = State { mode: Mode::Pass, epoch: 0, listening: true, links: Vec::new() };
        Self {
            target,
            accepted: AtomicU64::new(0),
            forwarded: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.state().mode
    }

    pub(super) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    pub(super) fn open(&self) -> usize {
        self.state().links.len()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(super) fn stop(&self) {
        // Under the lock, or a thread that is about to wait would miss it.
        let _state = self.state();
        self.stopped.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Changes the mode and waits until the door is as the mode wants it.
    pub(super) fn set(&self, mode: Mode) {
        let mut state = self.state();
        state.mode = mode;
        self.changed.notify_all();
        while state.listening == (mode == Mode::Refuse) && !self.is_stopped() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        if mode.ends_connections() {
            self.cut();
        }
    }

    /// Resets all connections that are open now, and waits until they are closed.
    pub(super) fn cut(&self) {
        let mut state = self.state();
        state.epoch += 1;
        let cut = state.links.clone();
        for link in &cut {
            link.cut();
        }
        // Our handles must not keep the sockets open.
        let numbers: Vec<u64> = cut.iter().map(|link| link.number).collect();
        drop(cut);
        self.changed.notify_all();
        while state.links.iter().any(|link| numbers.contains(&link.number)) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells whoever waits that the door listens now, or that it no longer does.
    pub(super) fn set_listening(&self, listening: bool) {
        self.state().listening = listening;
        self.changed.notify_all();
    }

    /// Takes in a connection that was accepted at `epoch`; false if it was cut since.
    pub(super) fn add(&self, link: &Arc<Link>, epoch: u64) -> bool {
        let mut state = self.state();
        let is_open = state.epoch == epoch && !self.is_stopped();
        if is_open {
            state.links.push(Arc::clone(link));
        }
        is_open
    }

    /// Closes a connection, whose other handles are gone.
    pub(super) fn remove(&self, link: Arc<Link>) {
        let mut state = self.state();
        state.links.retain(|open| open.number != link.number);
        // The last handle closes the sockets: before anybody hears of it.
        drop(link);
        self.changed.notify_all();
    }

    /// Waits until no blackhole holds the bytes of this connection, or it is cut.
    pub(super) fn pass_blackhole(&self, link: Option<&Link>) {
        let held = |state: &mut State| state.mode == Mode::Blackhole && !self.is_over(link);
        drop(self.changed.wait_while(self.state(), held));
    }

    /// Waits this long, or until the connection is cut.
    pub(super) fn delay(&self, time: Duration, link: &Link) {
        let held = |_: &mut State| !self.is_over(Some(link));
        drop(self.changed.wait_timeout_while(self.state(), time, held));
    }

    /// Whether a connection, or the whole proxy, is to forward nothing more.
    pub(super) fn is_over(&self, link: Option<&Link>) -> bool {
        self.is_stopped() || link.is_some_and(Link::is_cut)
    }

    /// A thread that panicked with the lock held leaves a state that is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
