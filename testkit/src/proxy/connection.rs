//! One connection through the proxy: two sockets and a thread for each direction.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::shared::Shared;
use super::{LOOK, Mode};

/// Bytes that are forwarded at once.
const PIECE: usize = 64 * 1024;

/// How long the target may take to accept.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// An open connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: u64,
    client: TcpStream,
    server: TcpStream,
    cut: AtomicBool,
}

impl Link {
    fn new(number: u64, client: TcpStream, server: TcpStream) -> io::Result<Self> {
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
            // Reading and writing return now and then, to look whether the connection is cut.
            stream.set_read_timeout(Some(LOOK))?;
            stream.set_write_timeout(Some(LOOK))?;
        }
        Ok(Self { number, client, server, cut: AtomicBool::new(false) })
    }

    /// Ends it: once its threads have noticed, both sides get a reset.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        reset_when_closed(&self.client);
        reset_when_closed(&self.server);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

/// Has the kernel send a reset and not an orderly end when the socket is closed.
fn reset_when_closed(stream: &TcpStream) {
    // It fails for a socket that is broken already: that is as good as reset.
    let _ = set_socket_linger(stream, Some(Duration::ZERO));
}

/// Starts the threads of an accepted connection.
pub(super) fn start(shared: Arc<Shared>, client: TcpStream, number: u64, epoch: u64) {
    let run = move || run(&shared, client, number, epoch);
    // Without a thread the closure is dropped, and the client sees its connection end.
    let _ = thread::Builder::new().name(format!("proxy {number}")).spawn(run);
}

fn run(shared: &Arc<Shared>, client: TcpStream, number: u64, epoch: u64) {
    shared.pass_blackhole(None);
    let server = if shared.mode().ends_connections() { None } else { connect(shared) };
    let Some(server) = server else { return reset_when_closed(&client) };
    let Ok(link) = Link::new(number, client, server).map(Arc::new) else { return };
    if !shared.add(&link, epoch) {
        return link.cut();
    }
    thread::scope(|scope| {
        scope.spawn(|| forward(shared, &link, &link.client, &link.server));
        forward(shared, &link, &link.server, &link.client);
    });
    shared.remove(link);
}

/// Connects to the first address of the target that accepts.
fn connect(shared: &Shared) -> Option<TcpStream> {
    let target = |address| TcpStream::connect_timeout(address, CONNECT_TIME).ok();
    shared.target.iter().find_map(target)
}

/// Forwards one direction up to its end. A broken side breaks the other.
fn forward(shared: &Shared, link: &Link, from: &TcpStream, to: &TcpStream) {
    let mut piece = vec![0; PIECE];
    let forwarded = loop {
        shared.pass_blackhole(Some(link));
        if shared.is_over(Some(link)) {
            break Ok(());
        }
        match read(from, &mut piece) {
            Ok(None) => {}
            Ok(Some(0)) => {
                shared.pass_blackhole(Some(link));
                // The other side may have closed first.
                let _ = to.shutdown(Shutdown::Write);
                break Ok(());
            }
            Ok(Some(length)) => {
                if let Err(error) = pass_on(shared, link, to, &piece[..length]) {
                    break Err(error);
                }
            }
            Err(error) => break Err(error),
        }
    };
    if forwarded.is_err() {
        link.cut();
    }
}

/// Writes bytes as the mode wants it; stops without an error when the connection is cut.
fn pass_on(shared: &Shared, link: &Link, mut to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    if let Mode::Delay(time) = shared.mode() {
        shared.delay(time, link);
    }
    shared.pass_blackhole(Some(link));
    while !bytes.is_empty() && !shared.is_over(Some(link)) {
        match to.write(bytes) {
            Ok(written) => {
                shared.forwarded.fetch_add(written as u64, Ordering::SeqCst);
                bytes = &bytes[written..];
            }
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads what there is; `None` if nothing came for a while.
fn read(mut from: &TcpStream, piece: &mut [u8]) -> io::Result<Option<usize>> {
    match from.read(piece) {
        Ok(length) => Ok(Some(length)),
        Err(error) if is_pause(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
