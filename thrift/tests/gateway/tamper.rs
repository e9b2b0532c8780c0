//! A proxy that harms one byte of one direction: cuts the connection before it, or changes it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What happens to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Cut,
    Flip(u8),
}

/// The fault that is armed, and how many bytes of its way are to pass before it.
type Armed = Arc<Mutex<Option<(Way, usize, Fault)>>>;

pub(crate) struct Tamper {
    address: SocketAddr,
    armed: Armed,
}

impl Tamper {
    pub(crate) fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let armed = Armed::default();
        let shared = Arc::clone(&armed);
        // It ends with the program.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(target).unwrap();
                for (way, from, to) in
                    [(Way::ToServer, &client, &server), (Way::ToClient, &server, &client)]
                {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let armed = Arc::clone(&shared);
                    thread::spawn(move || forward(way, from, to, &armed));
                }
            }
        });
        Self { address, armed }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Harms the byte of a way that comes after `at` more.
    pub(crate) fn arm(&self, way: Way, at: usize, fault: Fault) {
        *self.armed.lock().unwrap() = Some((way, at, fault));
    }

    pub(crate) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }
}

fn forward(way: Way, mut from: TcpStream, mut to: TcpStream, armed: &Armed) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let bytes = &mut piece[..read];
        let mut cut = None;
        {
            let mut armed = armed.lock().unwrap();
            if let Some((harmed, at, fault)) = *armed
                && harmed == way
            {
                if at >= read {
                    *armed = Some((harmed, at - read, fault));
                } else {
                    match fault {
                        Fault::Cut => cut = Some(at),
                        Fault::Flip(bits) => bytes[at] ^= bits,
                    }
                    *armed = None;
                }
            }
        }
        if to.write_all(&bytes[..cut.unwrap_or(read)]).is_err() || cut.is_some() {
            break;
        }
    }
    for stream in [from, to] {
        // Whichever side ended, both shall know.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
