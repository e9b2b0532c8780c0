//! Frames over a socket: each message behind its length, four bytes with the highest first.

use std::io::{self, ErrorKind, Read, Write};

use auxilio_common::limits;

use super::buffered::BufferedReader;
use super::{BUFFER_BYTES, Leftover};

/// A reader of frames. A frame's announced length is a bound and nothing is allocated for it.
pub(super) struct FramedReader<R> {
    source: BufferedReader<R>,
    frame_left: usize,
    leftover: Leftover,
}

impl<R: Read> FramedReader<R> {
    pub(super) fn new(source: BufferedReader<R>, leftover: Leftover) -> Self {
        Self { source, frame_left: 0, leftover }
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        let mut head = [0; 4];
        self.source.read_exact(&mut head)?;
        let length = i32::from_be_bytes(head);
        // The message has its own limit; this one only has to find a length that is none.
        let length = usize::try_from(length).ok().filter(|length| {
            (1..=limits::HBASE_REPLY_BYTES_MAX.saturating_mul(2)).contains(length)
        });
        self.frame_left = length.ok_or_else(|| {
            io::Error::new(ErrorKind::InvalidData, format!("a frame that begins {head:02x?}"))
        })?;
        Ok(())
    }
}

impl<R: Read> Read for FramedReader<R> {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        if wanted.is_empty() {
            return Ok(0);
        }
        if self.frame_left == 0 {
            self.begin_frame()?;
        }
        let most = wanted.len().min(self.frame_left);
        let read = self.source.read(&mut wanted[..most])?;
        self.frame_left -= read;
        self.leftover.set(self.frame_left + self.source.buffered());
        Ok(read)
    }
}

/// A writer that collects a message and sends it with its length on a flush.
pub(super) struct FramedWriter<W> {
    target: W,
    message: Vec<u8>,
}

impl<W> FramedWriter<W> {
    pub(super) fn new(target: W) -> Self {
        Self { target, message: Vec::new() }
    }
}

impl<W: Write> Write for FramedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.message.is_empty() {
            // Room for the length.
            self.message.extend_from_slice(&[0; 4]);
        }
        self.message.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let length = i32::try_from(self.message.len().saturating_sub(4))
            .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a message of over 2 GiB"))?;
        if let Some(head) = self.message.get_mut(..4) {
            head.copy_from_slice(&length.to_be_bytes());
        }
        let sent = self.target.write_all(&self.message);
        self.message.clear();
        self.message.shrink_to(BUFFER_BYTES);
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> (FramedReader<&[u8]>, Leftover) {
        let leftover = Leftover::default();
        let buffered = BufferedReader::new(bytes, Leftover::default());
        (FramedReader::new(buffered, leftover.clone()), leftover)
    }

    #[test]
    fn messages_come_back_and_the_first_frames_end_is_seen() {
        let mut writer = FramedWriter::new(Vec::new());
        for message in [b"first".to_vec(), vec![7; 300_000]] {
            writer.write_all(&message).unwrap();
            writer.flush().unwrap();
        }
        let (mut reader, leftover) = reader(&writer.target);
        let mut first = [0; 5];
        reader.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"first");
        assert!(leftover.get() > 0, "the second came along");
        let mut second = vec![0; 300_000];
        reader.read_exact(&mut second).unwrap();
        assert!(second.iter().all(|byte| *byte == 7));
        assert_eq!(leftover.get(), 0);
    }

    #[test]
    fn a_length_that_is_none_is_named() {
        for head in [[0xff, 0xff, 0xff, 0xff], [0x80, 1, 0, 2], *b"HTTP", [0, 0, 0, 0]] {
            let (mut reader, _) = reader(&head);
            let error = reader.read(&mut [0; 10]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains(&format!("{head:02x?}")));
        }
    }
}
