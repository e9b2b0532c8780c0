//! What the child says to its parent: a tag byte, then a body of fixed size.

use std::io::{self, Read, Write};

use minidump_writer::app_memory::AppMemory;
use minidump_writer::crash_context::CrashContext;

/// Tag of a region of memory to put into the dump: address and length, 8 bytes each, native order.
const MEMORY: u8 = b'M';
/// Tag of a crash: the bytes of a `CrashContext`.
pub(crate) const CRASH: u8 = b'C';
/// Tag of a process that spins: its body is empty.
pub(crate) const SPINNING: u8 = b'S';

/// One message of the child.
pub(crate) enum Message {
    /// A region of memory to put into the dump.
    Memory(AppMemory),
    /// It crashed, and waits for a byte before it dies.
    Crash(Box<CrashContext>),
    /// It spins.
    Spinning,
}

/// Reads the child's next message.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Message> {
    let mut tag = [0];
    stream.read_exact(&mut tag)?;
    match tag[0] {
        MEMORY => {
            let (mut pointer, mut length) = ([0; 8], [0; 8]);
            stream.read_exact(&mut pointer)?;
            stream.read_exact(&mut length)?;
            Ok(Message::Memory(AppMemory {
                ptr: usize::from_ne_bytes(pointer),
                length: usize::from_ne_bytes(length),
            }))
        }
        CRASH => {
            let mut body = vec![0; size_of::<CrashContext>()];
            stream.read_exact(&mut body)?;
            let context = CrashContext::from_bytes(&body);
            context.map(Box::new).map(Message::Crash).ok_or_else(|| unknown("a context's size"))
        }
        SPINNING => Ok(Message::Spinning),
        other => Err(unknown(&format!("the tag {other}"))),
    }
}

fn unknown(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the child sent {what}, which is wrong"))
}

/// Tells the parent of memory to put into the dump.
pub(crate) fn write_memory(stream: &mut impl Write, memory: &[u8]) -> io::Result<()> {
    let mut message = vec![MEMORY];
    message.extend((memory.as_ptr() as usize).to_ne_bytes());
    message.extend(memory.len().to_ne_bytes());
    stream.write_all(&message)
}
