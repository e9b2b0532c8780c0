//! Bytes from a peer that nobody trusts, with a budget for each message.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use auxilio_common::limits;
use thrift::ProtocolErrorKind as Kind;
use thrift::protocol::TType;

/// Bytes for which room is made before they have come.
const AHEAD_BYTES: usize = 256 * 1024;

/// Bytes that the next message may have: set before each call by who knows what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct ReplyLimit(Rc<Cell<usize>>);

impl ReplyLimit {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Cell::new(limits::HBASE_SHORT_REPLY_BYTES_MAX)))
    }

    pub(crate) fn set(&self, bytes: usize) {
        self.0.set(bytes);
    }
}

/// A source of bytes, and what is left of the message's bounds.
pub(crate) struct Bounded<R> {
    source: R,
    limit: ReplyLimit,
    bytes_left: usize,
    elements_left: usize,
    depth: usize,
}

impl<R: Read> Bounded<R> {
    pub(crate) fn new(source: R, limit: ReplyLimit) -> Self {
        let mut bounded = Self { source, limit, bytes_left: 0, elements_left: 0, depth: 0 };
        bounded.begin_message();
        bounded
    }

    /// Gives the whole budget again.
    pub(crate) fn begin_message(&mut self) {
        self.bytes_left = self.limit.0.get();
        self.elements_left = limits::HBASE_ELEMENTS_MAX;
        self.depth = 0;
    }

    pub(crate) fn array<const N: usize>(&mut self) -> thrift::Result<[u8; N]> {
        self.take(N)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn byte(&mut self) -> thrift::Result<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A text or a value of an announced length. A lying length costs no more than what comes.
    pub(crate) fn blob(&mut self, length: i64) -> thrift::Result<Vec<u8>> {
        let length = size(length)?;
        self.take(length)?;
        let mut bytes = Vec::with_capacity(length.min(AHEAD_BYTES));
        while bytes.len() < length {
            let (have, next) =
                (bytes.len(), (length - bytes.len()).min(bytes.len().max(AHEAD_BYTES)));
            bytes.resize(have + next, 0);
            // The resize made the rest exactly as long as what is read.
            self.source.read_exact(bytes.get_mut(have..).unwrap_or_default())?;
        }
        Ok(bytes)
    }

    /// The announced size of a list, set or map: each element has at least one byte of its own.
    pub(crate) fn container(&mut self, elements: i64) -> thrift::Result<i32> {
        let count = size(elements)?;
        if count > limits::HBASE_CONTAINER_ELEMENTS_MAX.min(self.bytes_left) {
            return Err(broken(Kind::SizeLimit, format!("a container of {count} elements")));
        }
        self.elements_left = self
            .elements_left
            .checked_sub(count)
            .ok_or_else(|| broken(Kind::SizeLimit, "too many elements in one message"))?;
        // The limit of a container lies far below 2^31.
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    pub(crate) fn enter(&mut self) -> thrift::Result<()> {
        self.depth += 1;
        if self.depth > limits::HBASE_DEPTH_MAX {
            return Err(broken(Kind::DepthLimit, "structures lie too deep in each other"));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn take(&mut self, bytes: usize) -> thrift::Result<()> {
        let limit = self.limit.0.get();
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            broken(Kind::SizeLimit, format!("the message has more than {limit} bytes"))
        })?;
        Ok(())
    }
}

fn size(announced: i64) -> thrift::Result<usize> {
    usize::try_from(announced)
        .map_err(|_| broken(Kind::NegativeSize, format!("a length of {announced}")))
}

/// An error of the protocol: the connection is of no use after it.
pub(crate) fn broken(kind: Kind, message: impl Into<String>) -> thrift::Error {
    thrift::Error::Protocol(thrift::ProtocolError::new(kind, message))
}

/// Types by their number in the binary protocol.
pub(crate) fn binary_type(number: u8) -> thrift::Result<TType> {
    Ok(match number {
        0 => TType::Stop,
        2 => TType::Bool,
        3 => TType::I08,
        4 => TType::Double,
        6 => TType::I16,
        8 => TType::I32,
        10 => TType::I64,
        11 => TType::String,
        12 => TType::Struct,
        13 => TType::Map,
        14 => TType::Set,
        15 => TType::List,
        other => return Err(broken(Kind::InvalidData, format!("no type has the number {other}"))),
    })
}

/// Types by their number in the compact protocol. A field that is true or false has 1 or 2.
pub(crate) fn compact_type(number: u8) -> thrift::Result<TType> {
    Ok(match number {
        0 => TType::Stop,
        1 | 2 => TType::Bool,
        3 => TType::I08,
        4 => TType::I16,
        5 => TType::I32,
        6 => TType::I64,
        7 => TType::Double,
        8 => TType::String,
        9 => TType::List,
        10 => TType::Set,
        11 => TType::Map,
        12 => TType::Struct,
        other => return Err(broken(Kind::InvalidData, format!("no type has the number {other}"))),
    })
}

/// Text for people: what is no UTF-8 is replaced.
pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
