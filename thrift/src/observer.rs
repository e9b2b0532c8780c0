//! What the client tells whoever counts: one callback for each kind of event.

use std::time::Duration;

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// Open and proven.
    Opened,
    /// The try to open it failed.
    Failed,
    /// Closed because of its age, its idleness, or because the gateway hung up between two calls.
    Retired,
    /// Closed because a call failed on it.
    Dropped,
}

impl ConnectionEvent {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Failed => "failed",
            Self::Retired => "retired",
            Self::Dropped => "dropped",
        }
    }
}

/// Takes events as they happen, on the client's threads: it must be quick.
pub trait Observer: Send + Sync {
    /// A call ended: its Thrift name, `ok` or the name of its [`Error`](crate::Error), and its time
    /// on the wire.
    fn call_ended(&self, call: &'static str, outcome: &'static str, took: Duration);

    /// A call is made once more on another connection.
    fn call_repeated(&self, call: &'static str);

    /// Something happened to a connection to a gateway (`host:port`).
    fn connection(&self, gateway: &str, event: ConnectionEvent);

    /// A gateway's breaker opened or closed.
    fn breaker(&self, gateway: &str, open: bool);

    /// So many threads make calls now, each with at most one connection.
    fn threads(&self, count: usize);
}

/// Nobody counts.
impl Observer for () {
    fn call_ended(&self, _: &'static str, _: &'static str, _: Duration) {}

    fn call_repeated(&self, _: &'static str) {}

    fn connection(&self, _: &str, _: ConnectionEvent) {}

    fn breaker(&self, _: &str, _: bool) {}

    fn threads(&self, _: usize) {}
}
