//! Buffers over a socket.
//!
//! Not the standard library's: its writer sends what it holds when it is dropped, and half a call
//! must never follow a connection's failure.

use std::io::{self, Read, Write};

use super::{BUFFER_BYTES, Leftover};

/// A reader that asks the source for much at once.
pub(super) struct BufferedReader<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    leftover: Leftover,
}

impl<R> BufferedReader<R> {
    pub(super) fn new(source: R, leftover: Leftover) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self { source, buffer, start: 0, end: 0, leftover }
    }

    pub(super) fn buffered(&self) -> usize {
        self.end - self.start
    }
}

impl<R: Read> Read for BufferedReader<R> {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            if wanted.len() >= self.buffer.len() {
                return self.source.read(wanted);
            }
            (self.start, self.end) = (0, 0);
            self.end = self.source.read(&mut self.buffer)?;
        }
        let read = (&self.buffer[self.start..self.end]).read(wanted)?;
        self.start += read;
        self.leftover.set(self.buffered());
        Ok(read)
    }
}

/// A writer that sends on a flush, or when it holds enough.
pub(super) struct BufferedWriter<W> {
    target: W,
    buffer: Vec<u8>,
}

impl<W> BufferedWriter<W> {
    pub(super) fn new(target: W) -> Self {
        Self { target, buffer: Vec::with_capacity(BUFFER_BYTES) }
    }
}

impl<W: Write> BufferedWriter<W> {
    fn send(&mut self) -> io::Result<()> {
        let sent = self.target.write_all(&self.buffer);
        self.buffer.clear();
        sent
    }
}

impl<W: Write> Write for BufferedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.send()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.target.write_all(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.target.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(pieces in prop::collection::vec(0..600_000_usize, 0..8)) {
            let mut writer = BufferedWriter::new(Vec::new());
            let mut expected = Vec::new();
            for (number, size) in pieces.iter().enumerate() {
                let piece = vec![u8::try_from(number).unwrap(); *size];
                writer.write_all(&piece).unwrap();
                expected.extend(piece);
            }
            writer.flush().unwrap();
            prop_assert!(writer.target == expected);
            let leftover = Leftover::default();
            let mut reader = BufferedReader::new(writer.target.as_slice(), leftover.clone());
            let mut read = vec![0; expected.len()];
            for piece in read.chunks_mut(70_001) {
                reader.read_exact(piece).unwrap();
            }
            prop_assert!(read == expected);
            prop_assert_eq!(leftover.get(), 0);
        }
    }

    #[test]
    fn a_dropped_writer_sends_nothing() {
        let mut sent = Vec::new();
        BufferedWriter::new(&mut sent).write_all(b"half a call").unwrap();
        assert!(sent.is_empty());
    }

    #[test]
    fn bytes_too_many_are_left_over() {
        let leftover = Leftover::default();
        let mut reader = BufferedReader::new(b"answer+late".as_slice(), leftover.clone());
        reader.read_exact(&mut [0; 6]).unwrap();
        assert_eq!(leftover.get(), 5);
    }
}
