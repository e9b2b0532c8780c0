//! A socket whose reads and writes all end by one moment, however slowly bytes drip.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Clock;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv, sockopt};

/// Silence after which the system asks the peer for a sign of life: firewalls drop idle flows silently.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(20);

/// Time between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// The part of its time by which a wait may be off its deadline. A call sets a socket's timeouts once then,
/// and not for every piece that comes or goes.
const SLACK_PART: u32 = 100;

/// One end of a connection; clones are the same end.
#[derive(Clone)]
pub(crate) struct Socket {
    stream: Rc<TcpStream>,
    until: Rc<Cell<Duration>>,
    /// The timeouts that the system knows.
    read_timeout: Timeout,
    write_timeout: Timeout,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Default)]
struct Timeout(Rc<Cell<Duration>>);

impl Timeout {
    /// Lets the system know what is left, unless that is about what it knows.
    fn set(
        &self,
        left: Duration,
        tell: impl FnOnce(Option<Duration>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.0.get().abs_diff(left) > left / SLACK_PART {
            tell(Some(left))?;
            self.0.set(left);
        }
        Ok(())
    }
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
        let (read_timeout, write_timeout) = (Timeout::default(), Timeout::default());
        let (stream, until) = (Rc::new(stream), Rc::new(Cell::new(until)));
        Ok(Self { stream, until, read_timeout, write_timeout, clock })
    }

    /// Moves the deadline: all that follows ends by it.
    pub(crate) fn set_deadline(&self, until: Duration) {
        self.until.set(until);
    }

    /// Whether the peer has neither hung up nor sent what nobody asked for.
    pub(crate) fn is_quiet(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        recv(&*self.stream, &mut [0_u8], flags) == Err(Errno::WOULDBLOCK)
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
        self.read_timeout.set(self.left()?, |left| self.stream.set_read_timeout(left))?;
        (&*self.stream).read(buffer).map_err(named)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_timeout.set(self.left()?, |left| self.stream.set_write_timeout(left))?;
        (&*self.stream).write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
