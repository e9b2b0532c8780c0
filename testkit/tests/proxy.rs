//! The breakable proxy before a real server: each mode as the client and the server see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use auxilio_testkit::proxy::{Mode, Proxy};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Long enough for bytes to come if they were to come.
const A_WHILE: Duration = Duration::from_millis(200);

/// Starts a server that sends back what it gets, with an end for an end.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut back = stream.try_clone().unwrap();
                // A reset is a fine end here.
                let _ = std::io::copy(&mut stream, &mut back);
                let _ = back.shutdown(Shutdown::Write);
            });
        }
    });
    address
}

fn client(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream, text: &[u8]) -> std::io::Result<()> {
    stream.write_all(text)?;
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back)?;
    assert_eq!(back, text);
    Ok(())
}

/// Whether the other side ended the connection without being asked to.
fn assert_ended(stream: &mut TcpStream) {
    let error = exchange(stream, b"anyone?").unwrap_err();
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::UnexpectedEof];
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

#[test]
fn bytes_pass_both_ways_and_ends_are_ends() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut stream = client(&proxy);
    exchange(&mut stream, b"hello").unwrap();
    let large = vec![7; 3_000_000];
    let mut writer = stream.try_clone().unwrap();
    let sent = large.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut back = Vec::new();
    stream.read_to_end(&mut back).unwrap();
    writing.join().unwrap();
    assert!(back == large);
    assert_eq!(proxy.forwarded(), 2 * 3_000_005);
    assert_eq!(proxy.accepted(), 1);
}

#[test]
fn cut_connections_are_reset_and_the_next_one_passes() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut first = client(&proxy);
    exchange(&mut first, b"one").unwrap();
    assert_eq!(proxy.open(), 1);
    proxy.cut_connections();
    assert_eq!(proxy.open(), 0);
    let error = first.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    exchange(&mut client(&proxy), b"two").unwrap();
}

#[test]
fn cut_resets_what_is_open_and_what_comes() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut open = client(&proxy);
    exchange(&mut open, b"one").unwrap();
    proxy.set(Mode::Cut);
    assert_ended(&mut open);
    assert_ended(&mut client(&proxy));
    proxy.set(Mode::Pass);
    exchange(&mut client(&proxy), b"two").unwrap();
}

#[test]
fn refused_connections_are_refused_at_the_same_port_that_passes_again() {
    let proxy = Proxy::start(echo()).unwrap();
    let address = proxy.address();
    let mut open = client(&proxy);
    exchange(&mut open, b"one").unwrap();
    for _ in 0..3 {
        proxy.set(Mode::Refuse);
        let error = TcpStream::connect(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // Nobody else gets the port meanwhile.
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_ne!(other.local_addr().unwrap(), address);
        proxy.set(Mode::Pass);
        exchange(&mut client(&proxy), b"two").unwrap();
    }
    assert_ended(&mut open);
}

#[test]
fn a_blackhole_holds_bytes_and_later_lets_them_go() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut old = client(&proxy);
    exchange(&mut old, b"one").unwrap();
    proxy.set(Mode::Blackhole);
    let mut new = client(&proxy);
    for stream in [&mut old, &mut new] {
        stream.write_all(b"held").unwrap();
        stream.set_read_timeout(Some(A_WHILE)).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
    }
    proxy.set(Mode::Pass);
    for stream in [&mut old, &mut new] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut back = [0; 4];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"held");
    }
}

#[test]
fn a_blackhole_can_be_cut() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut open = client(&proxy);
    exchange(&mut open, b"one").unwrap();
    proxy.set(Mode::Blackhole);
    proxy.set(Mode::Cut);
    assert_ended(&mut open);
}

#[test]
fn delayed_bytes_come_late_and_whole() {
    let proxy = Proxy::start(echo()).unwrap();
    let mut stream = client(&proxy);
    proxy.set(Mode::Delay(Duration::from_millis(500)));
    stream.write_all(b"late").unwrap();
    stream.set_read_timeout(Some(A_WHILE)).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"late");
}

#[test]
fn a_dead_target_resets_the_client_and_a_dropped_proxy_all() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(gone).unwrap();
    assert_ended(&mut client(&proxy));

    let proxy = Proxy::start(echo()).unwrap();
    let address = proxy.address();
    let mut open = client(&proxy);
    exchange(&mut open, b"one").unwrap();
    drop(proxy);
    assert_ended(&mut open);
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}
