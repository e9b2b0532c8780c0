//! A socket whose reads and writes all end by one moment, however slowly bytes drip.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Clock;
use rustix::net::sockopt;

/// Silence after which the system asks the peer for a sign of life: firewalls drop idle flows silently.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(20);

/// Time between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// One end of a connection; clones are the same end.
#[derive(Clone)]
pub(crate) struct Socket {
    stream: Rc<TcpStream>,
    until: Rc<Cell<Duration>>,
    clock: Arc<dyn Clock>,
}

impl Socket {
    /// Connects before `until` by the monotonic clock, which is the first deadline as well.
    pub(crate) fn connect(
        address: SocketAddr,
        until: Duration,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let left = left(until, &*clock)?;
        let stream = TcpStream::connect_timeout(&address, left)?;
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        sockopt::set_tcp_keepidle(&stream, KEEPALIVE_IDLE)?;
        sockopt::set_tcp_keepintvl(&stream, KEEPALIVE_INTERVAL)?;
        Ok(Self { stream: Rc::new(stream), until: Rc::new(Cell::new(until)), clock })
    }

    /// Moves the deadline: all that follows ends by it.
    pub(crate) fn set_deadline(&self, until: Duration) {
        self.until.set(until);
    }

    /// Whether the peer has neither hung up nor sent what nobody asked for.
    pub(crate) fn is_quiet(&self) -> bool {
        let peek = || {
            self.stream.set_nonblocking(true)?;
            let peeked = self.stream.peek(&mut [0]);
            self.stream.set_nonblocking(false)?;
            peeked
        };
        matches!(peek(), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    fn left(&self) -> io::Result<Duration> {
        left(self.until.get(), &*self.clock)
    }
}

fn left(until: Duration, clock: &dyn Clock) -> io::Result<Duration> {
    until
        .checked_sub(clock.monotonic())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| ErrorKind::TimedOut.into())
}

/// The system says "would block" where a timeout of the socket ran out.
fn named(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        (&*self.stream).read(buffer).map_err(named)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        (&*self.stream).write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
