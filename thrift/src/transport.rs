//! Where a message's bytes go through: a socket with a deadline, and over it buffers or frames.
//!
//! Whatever gives a reader and a writer can stand in their place (SASL and HTTP wrap the socket just
//! so): [`open`] is the one place that chooses.

mod buffered;
mod framed;
mod lookup;
mod socket;

use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use buffered::{BufferedReader, BufferedWriter};
use framed::{FramedReader, FramedWriter};
pub(crate) use lookup::look_up;
pub(crate) use socket::Socket;

/// Bytes of each buffer: with the 4 KiB of Thrift's own, Nagle's delay eats nine tenths of the speed.
const BUFFER_BYTES: usize = 256 * 1024;

/// How messages are laid into the stream. It must be the gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// One after another.
    Buffered,
    /// Each behind its length.
    Framed,
}

/// Bytes that came and that nobody has asked for: not zero after an answer means out of step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leftover(Rc<Cell<usize>>);

impl Leftover {
    pub(crate) fn get(&self) -> usize {
        self.0.get()
    }

    fn set(&self, bytes: usize) {
        self.0.set(bytes);
    }
}

/// The two halves of an open connection.
pub(crate) struct Halves {
    pub(crate) reader: Box<dyn Read>,
    pub(crate) writer: Box<dyn Write>,
    pub(crate) leftover: Leftover,
}

/// Lays the chosen transport over a socket.
pub(crate) fn open(transport: Transport, socket: &Socket) -> Halves {
    let leftover = Leftover::default();
    let buffered = BufferedReader::new(socket.clone(), leftover.clone());
    match transport {
        Transport::Buffered => Halves {
            reader: Box::new(buffered),
            writer: Box::new(BufferedWriter::new(socket.clone())),
            leftover,
        },
        Transport::Framed => {
            let frame_left = Leftover::default();
            Halves {
                reader: Box::new(FramedReader::new(buffered, frame_left.clone())),
                writer: Box::new(FramedWriter::new(socket.clone())),
                // A frame that is not used up is out of step just as well.
                leftover: frame_left,
            }
        }
    }
}
