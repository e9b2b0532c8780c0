//! The addresses of a gateway, looked up afresh for each connection and never waited for too long.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Looks a host up. The system's look-up knows no deadline, so it runs on a thread that is left
/// behind when it is late; the resolver ends it after a few tries of its own.
pub(crate) fn look_up(host: &str, port: u16, patience: Duration) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (answer, answered) = mpsc::sync_channel(1);
    let host = host.to_owned();
    thread::Builder::new().name("hbase-lookup".to_owned()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        // Whoever asked may be gone.
        let _ = answer.send(found);
    })?;
    match answered.recv_timeout(patience) {
        Ok(Ok(found)) if found.is_empty() => {
            Err(io::Error::new(ErrorKind::NotFound, "the name has no address"))
        }
        Ok(found) => found,
        Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "looking up the name took too long")),
    }
}
