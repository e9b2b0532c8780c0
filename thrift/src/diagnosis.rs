//! What stands behind an address, told from how it answers the first question.
//!
//! A wrong port or mode mostly shows as silence or a connection that ends; the words here are what
//! was measured for each.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use thrift::{ProtocolErrorKind, TransportErrorKind};

use crate::gateway::Gateway;
use crate::transport::{Transport, look_up};

/// What a gateway most likely is whose first answer was this error.
pub(crate) fn diagnose(error: &thrift::Error, transport: Transport) -> &'static str {
    match error {
        thrift::Error::Transport(error) if error.kind == TransportErrorKind::TimedOut => {
            match transport {
                Transport::Framed => {
                    "it is mute: it may be full, stopped, or speak without frames (hbase.transport)"
                }
                Transport::Buffered => "it is mute: it may be full or stopped",
            }
        }
        thrift::Error::Transport(error) if error.message.contains("48, 54, 54, 50") => HTTP,
        thrift::Error::Transport(error) if error.message.contains("15, 03") => TLS,
        thrift::Error::Transport(error) if error.message.contains("80, 01") => UNFRAMED,
        thrift::Error::Transport(_) => {
            "it hung up at the first question: it may speak with frames or in another encoding \
             (hbase.transport, hbase.protocol), be full, stand behind TLS, or be no gateway \
             (ZooKeeper does the same)"
        }
        thrift::Error::Protocol(error) if error.kind == ProtocolErrorKind::BadVersion => {
            bad_version(&error.message)
        }
        _ => "its first answer makes no sense: it is no Thrift gateway of HBase",
    }
}

/// What it is if it says that it is one of the other interface.
pub(crate) const THRIFT2: &str =
    "it speaks HBase's Thrift2: start the gateway as \"hbase thrift\" and not \"hbase thrift2\"";

const HTTP: &str = "it speaks HTTP: hbase.regionserver.thrift.http must be false there";
const TLS: &str = "it speaks TLS, which a gateway does over HTTP only";
const UNFRAMED: &str = "it speaks without frames: set hbase.transport to \"buffered\"";

fn bad_version(message: &str) -> &'static str {
    // The message ends with the first bytes in hexadecimal digits.
    let seen = message.rsplit_once('[').map_or("", |(_, bytes)| bytes);
    if seen.starts_with("48, 54") {
        HTTP
    } else if seen.starts_with("15, 03") {
        TLS
    } else if seen.starts_with("82") {
        "it speaks the compact protocol: set hbase.protocol to \"compact\""
    } else if seen.starts_with("80, 01") {
        "it speaks the binary protocol: set hbase.protocol to \"binary\""
    } else if seen.starts_with("00, 00, 00, 93") {
        "it is HBase's own port and not the gateway's (9090)"
    } else if seen.starts_with("00, 00") {
        "it speaks with frames: set hbase.transport to \"framed\""
    } else {
        "its first answer makes no sense: it is no Thrift gateway of HBase"
    }
}

/// Asks what stands behind an address that hung up or stayed mute, in the languages of the usual
/// suspects. `None` if it is none of them, or can't be asked in time.
pub fn look_closer(gateway: &str, patience: Duration) -> Option<&'static str> {
    let gateway = Gateway::parse(gateway).ok()?;
    let address = *look_up(&gateway.host, gateway.port, patience).ok()?.first()?;
    let first_bytes = |question: &[u8]| -> std::io::Result<[u8; 2]> {
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.write_all(question)?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    // The head of a record of TLS: of a handshake or of an alert.
    if matches!(first_bytes(&client_hello()), Ok([0x15 | 0x16, 3])) {
        return Some("it speaks TLS");
    }
    // "Zookeeper version: ...", or that the word is not allowed.
    if matches!(first_bytes(b"srvr"), Ok([b'Z', b'o'] | [b's', b'r'])) {
        return Some("it is ZooKeeper");
    }
    None
}

/// The least that a server of TLS takes for a greeting: what it answers need not be a welcome.
fn client_hello() -> Vec<u8> {
    // Version, a random number that need not be one, no session, a cipher suite, no compression.
    let hello = [&[3, 3][..], &[7; 32], &[0], &[0, 2, 0xc0, 0x2f], &[1, 0]].concat();
    // Lengths of messages this short have one byte that is not zero.
    let length = u8::try_from(hello.len()).unwrap_or(u8::MAX);
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], hello.as_slice()].concat()
}
