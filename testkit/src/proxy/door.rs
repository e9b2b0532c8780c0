//! The proxy's port: the thread that accepts, and how connections come to be refused.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use rustix::net::sockopt::{Timeout, set_socket_reuseaddr, set_socket_timeout};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use super::shared::Shared;
use super::{LOOK, Mode, connection};

/// Opens a free loopback port and starts the thread that accepts on it.
pub(super) fn open(shared: Arc<Shared>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let (holder, address) = reserve()?;
    let listener = listen(address)?;
    let door = thread::Builder::new().name("proxy door".to_owned()).spawn(move || {
        run(&shared, address, listener);
        drop(holder);
    })?;
    Ok((address, door))
}

/// Takes a port with a socket that never listens: while no other socket does, the kernel refuses
/// connections to it, and nobody else gets it.
fn reserve() -> io::Result<(OwnedFd, SocketAddr)> {
    let holder = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    // Both sockets have this option: then Linux lets them share the port as long as one listens.
    set_socket_reuseaddr(&holder, true)?;
    bind(&holder, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let address = SocketAddrV4::try_from(getsockname(&holder)?)?;
    Ok((holder, address.into()))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // Accepting returns now and then, to look at the mode.
    set_socket_timeout(&listener, Timeout::Recv, Some(LOOK))?;
    Ok(listener)
}

fn run(shared: &Arc<Shared>, address: SocketAddr, listener: TcpListener) {
    let mut listening = Some(listener);
    let mut number = 0;
    while !shared.is_stopped() {
        match (shared.mode() == Mode::Refuse, &listening) {
            (true, Some(_)) => {
                listening = None;
                shared.set_listening(false);
            }
            (true, None) => thread::sleep(LOOK),
            (false, None) => match listen(address) {
                Ok(listener) => {
                    listening = Some(listener);
                    shared.set_listening(true);
                }
                // The kernel may not be done with the last listener.
                Err(_) => thread::sleep(LOOK),
            },
            (false, Some(listener)) => {
                number += 1;
                accept(shared, listener, number);
            }
        }
    }
}

/// Takes one connection, if one comes.
fn accept(shared: &Arc<Shared>, listener: &TcpListener, number: u64) {
    match listener.accept() {
        Ok((client, _)) => {
            // Read after accepting, or a connection made after a cut could fall under it.
            let epoch = shared.epoch();
            shared.accepted.fetch_add(1, Ordering::SeqCst);
            connection::start(Arc::clone(shared), client, number, epoch);
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        // The client is gone already, or there are no descriptors: look again a little later.
        Err(_) => thread::sleep(LOOK),
    }
}
