//! A proxy that harms one place of one direction: cuts, holds back, delays, changes, leaves out,
//! doubles or exchanges bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];
}

/// What happens at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before the byte.
    Cut,
    /// The byte and all behind it are held back, and the connection stays.
    Hold,
    /// All comes, the byte and what is behind it a moment later.
    Delay,
    /// Bits of the byte change.
    Flip(u8),
    /// Four bytes become others: lengths that lie.
    Lie([u8; 4]),
    /// The byte is left out.
    Omit,
    /// The byte comes twice.
    Double,
    /// The byte and its neighbour change places.
    Swap,
    /// All that came with the byte comes twice: a whole message, for messages are small here.
    Replay,
}

impl Fault {
    /// The bytes as they are passed on.
    fn harm(self, bytes: &[u8], at: usize) -> Vec<u8> {
        let mut harmed = bytes.to_vec();
        match self {
            Self::Cut | Self::Hold => harmed.truncate(at),
            Self::Delay => {}
            Self::Flip(bits) => harmed[at] ^= bits,
            Self::Lie(lie) => {
                harmed[at..].iter_mut().zip(lie).for_each(|(byte, lie)| *byte = lie);
            }
            Self::Omit => drop(harmed.remove(at)),
            Self::Double => harmed.insert(at, bytes[at]),
            Self::Swap => harmed[at..].iter_mut().take(2).rev().zip(&bytes[at..]).for_each(swap),
            Self::Replay => harmed.extend_from_slice(bytes),
        }
        harmed
    }
}

fn swap((to, from): (&mut u8, &u8)) {
    *to = *from;
}

/// How late delayed bytes are.
const DELAY: Duration = Duration::from_millis(15);

#[derive(Default)]
struct State {
    /// The fault, and how many bytes of its way are to pass before it.
    armed: Option<(Way, usize, Fault)>,
    /// Bytes that came since the last look, to the server and to the client.
    came: [usize; 2],
}

impl State {
    /// Counts a piece; the fault that lies in it.
    fn pass(&mut self, way: Way, bytes: usize) -> Option<(usize, Fault)> {
        self.came[way as usize] += bytes;
        let (harmed, at, fault) = self.armed.filter(|(harmed, ..)| *harmed == way)?;
        self.armed = (at >= bytes).then(|| (harmed, at - bytes, fault));
        (at < bytes).then_some((at, fault))
    }
}

pub(crate) struct Tamper {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Tamper {
    pub(crate) fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        // It ends with the program.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A gateway that is gone is no peer: the client's connection ends.
                let Ok(server) = TcpStream::connect(target) else { continue };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                for (way, from, to) in
                    [(Way::ToServer, &client, &server), (Way::ToClient, &server, &client)]
                {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let state = Arc::clone(&shared);
                    thread::spawn(move || forward(way, from, to, &state));
                }
            }
        });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Harms the byte of a way that comes after `at` more.
    pub(crate) fn arm(&self, way: Way, at: usize, fault: Fault) {
        self.state().armed = Some((way, at, fault));
    }

    /// Harms nothing any more; answers whether the place came.
    pub(crate) fn disarm(&self) -> bool {
        self.state().armed.take().is_none()
    }

    /// Whether the place came.
    pub(crate) fn is_spent(&self) -> bool {
        self.state().armed.is_none()
    }

    /// Bytes that came since the last look, to the server and to the client.
    pub(crate) fn came(&self) -> [usize; 2] {
        std::mem::take(&mut self.state().came)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn forward(way: Way, mut from: TcpStream, mut to: TcpStream, state: &Mutex<State>) {
    // Whichever side ended or failed, both shall know.
    let _ = pump(way, &mut from, &mut to, state);
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn pump(
    way: Way,
    from: &mut TcpStream,
    to: &mut TcpStream,
    state: &Mutex<State>,
) -> io::Result<()> {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        let bytes = &piece[..read];
        let fault = state.lock().unwrap().pass(way, read);
        match fault {
            None => to.write_all(bytes)?,
            Some((at, Fault::Delay)) => {
                to.write_all(&bytes[..at])?;
                thread::sleep(DELAY);
                to.write_all(&bytes[at..])?;
            }
            Some((at, fault)) => {
                to.write_all(&fault.harm(bytes, at))?;
                match fault {
                    Fault::Cut => return Ok(()),
                    Fault::Hold => return io::copy(from, &mut io::sink()).map(drop),
                    _ => {}
                }
            }
        }
    }
}
