//! A TCP proxy that breaks when it is told: put it before Postgres, a store or a collector, and
//! make the network's faults one by one.
//!
//! Plain threads: one that accepts, two for each connection. The port stays the proxy's own for
//! its whole life, also while connections to it are refused.

mod connection;
mod door;
mod shared;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use shared::Shared;

/// How often a waiting thread looks for a change of mode.
const LOOK: Duration = Duration::from_millis(20);

/// What the proxy does with connections and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All bytes go through.
    Pass,
    /// Bytes go through, each piece of at most 64 KiB this much later.
    Delay(Duration),
    /// Nothing moves, connections stay: a cable pulled, a peer stopped. With the next mode the
    /// bytes go on, as they do when the cable is back.
    Blackhole,
    /// Open connections are reset; new ones are accepted and reset at once.
    Cut,
    /// Open connections are reset; new ones are refused, as by a machine without the server.
    Refuse,
}

impl Mode {
    /// Whether open connections end with it.
    fn ends_connections(self) -> bool {
        matches!(self, Self::Cut | Self::Refuse)
    }
}

/// A running proxy. Dropped, it resets all connections and frees its port.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    door: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy to `target` (`host:port`) on a free loopback port, in [`Mode::Pass`].
    pub fn start(target: impl ToSocketAddrs) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(target.to_socket_addrs()?.collect()));
        let (address, door) = door::open(Arc::clone(&shared))?;
        Ok(Self { shared, address, door: Some(door) })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the mode. When this returns, new connections meet the new mode, and those that end
    /// with it are closed.
    pub fn set(&self, mode: Mode) {
        self.shared.set(mode);
    }

    /// Resets all connections that are [`open`](Self::open), once; the mode stays. When this returns,
    /// they are closed.
    pub fn cut_connections(&self) {
        self.shared.cut();
    }

    /// Connections accepted so far, those that were reset at once included.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.shared.open()
    }

    /// Bytes forwarded so far, both ways together.
    pub fn forwarded(&self) -> u64 {
        self.shared.forwarded.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(door) = self.door.take() {
            // A door that panicked is shut as well.
            let _ = door.join();
        }
        self.shared.cut();
    }
}
