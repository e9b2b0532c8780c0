//! One connection to one gateway: a client of the generated code over our own protocol and transport.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use hbase_thrift::hbase::HbaseSyncClient;
use thrift::TransportErrorKind;
use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TInputProtocol, TOutputProtocol,
};

use crate::config::Protocol;
use crate::error::WireError;
use crate::exception::Exception;
use crate::gateway::Seat;
use crate::protocol::{BinaryInput, CompactInput, ReplyLimit};
use crate::transport::{self, Leftover, Socket, Transport};

/// The generated client.
pub(crate) type Rpc = HbaseSyncClient<Box<dyn TInputProtocol>, Box<dyn TOutputProtocol>>;

/// Idleness after which a connection is not used again: a gateway hangs up after 60 s.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(45);

/// Age after which a connection is not used again: names move, and gateways that came back get load.
const AGE_MAX: Duration = Duration::from_secs(600);

/// Why a call on a connection gave nothing. Only after a refusal the connection is still good.
pub(crate) enum Failure {
    Refused(Exception),
    TimedOut,
    Broken(WireError),
    Panicked,
}

/// An open connection. It stays on the thread that opened it.
pub(crate) struct Connection {
    rpc: Rpc,
    socket: Socket,
    limit: ReplyLimit,
    leftover: Leftover,
    pub(crate) seat: Seat,
    opened_at: Duration,
    used_at: Duration,
}

impl Connection {
    pub(crate) fn over(
        socket: Socket,
        (transport, protocol): (Transport, Protocol),
        seat: Seat,
        now: Duration,
    ) -> Self {
        let halves = transport::open(transport, &socket);
        let limit = ReplyLimit::new();
        let (input, output): (Box<dyn TInputProtocol>, Box<dyn TOutputProtocol>) = match protocol {
            Protocol::Binary => (
                Box::new(BinaryInput::new(halves.reader, limit.clone())),
                Box::new(TBinaryOutputProtocol::new(halves.writer, true)),
            ),
            Protocol::Compact => (
                Box::new(CompactInput::new(halves.reader, limit.clone())),
                Box::new(TCompactOutputProtocol::new(halves.writer)),
            ),
        };
        let rpc = HbaseSyncClient::new(input, output);
        let leftover = halves.leftover;
        Self { rpc, socket, limit, leftover, seat, opened_at: now, used_at: now }
    }

    /// Whether the next call may go over it: not too old, not idle for long, and nothing came that
    /// nobody asked for.
    pub(crate) fn is_usable(&self, now: Duration) -> bool {
        now.saturating_sub(self.opened_at) < AGE_MAX
            && now.saturating_sub(self.used_at) < IDLE_MAX
            && self.socket.is_quiet()
    }

    /// Whether the last answer used up all that came.
    pub(crate) fn is_in_step(&self) -> bool {
        self.leftover.get() == 0
    }

    /// Makes a call that ends by `until` and whose answer has at most `reply_bytes`.
    pub(crate) fn call(
        &mut self,
        until: Duration,
        reply_bytes: usize,
        work: &mut dyn FnMut(&mut Rpc) -> thrift::Result<()>,
    ) -> Result<(), Failure> {
        self.raw_call(until, reply_bytes, work)?.map_err(|error| failure(&error))
    }

    /// The same with the error as it came. The generated code panics on an answer without a result.
    pub(crate) fn raw_call(
        &mut self,
        until: Duration,
        reply_bytes: usize,
        work: &mut dyn FnMut(&mut Rpc) -> thrift::Result<()>,
    ) -> Result<thrift::Result<()>, Failure> {
        self.socket.set_deadline(until);
        self.limit.set(reply_bytes);
        let rpc = &mut self.rpc;
        // After a panic the connection is dropped, so nothing half-changed is seen again.
        catch_unwind(AssertUnwindSafe(|| work(rpc))).map_err(|_| Failure::Panicked)
    }

    /// Notes when it was last used.
    pub(crate) fn used(&mut self, now: Duration) {
        self.used_at = now;
    }
}

fn failure(error: &thrift::Error) -> Failure {
    if let Some(exception) = Exception::of(error) {
        tracing::debug!(text = %full_text(error), "the gateway refused a call");
        return Failure::Refused(exception);
    }
    match error {
        thrift::Error::Transport(inner) if inner.kind == TransportErrorKind::TimedOut => {
            Failure::TimedOut
        }
        _ => Failure::Broken(WireError::from(error)),
    }
}

/// A stack trace of some kilobytes, for whoever looks for the cause.
fn full_text(error: &thrift::Error) -> String {
    match error {
        thrift::Error::User(user) => match user.downcast_ref::<hbase_thrift::hbase::IOError>() {
            Some(error) => error.message.clone().unwrap_or_default(),
            None => user.to_string(),
        },
        other => format!("{other:?}"),
    }
}
