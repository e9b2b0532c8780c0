//! A value that was read: its chunks in their order. A dump of 20 MB is handed on as it came, because each
//! copy of it costs as much as the wire.

use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::Bytes;

#[derive(Debug, Default)]
pub(super) struct Value {
    chunks: VecDeque<Bytes>,
}

impl Value {
    pub(super) fn push(&mut self, chunk: Vec<u8>) {
        self.chunks.push_back(chunk.into());
    }

    /// Bytes that are not read yet.
    pub(super) fn len(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// The bytes in one piece; those of a single chunk are not copied.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        let first = self.chunks.pop_front().unwrap_or_default();
        if self.chunks.is_empty() {
            return first.into();
        }
        self.chunks.push_front(first);
        Vec::from(self.chunks).concat()
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self { chunks: VecDeque::from([bytes.into()]) }
    }
}

impl Read for Value {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        while let Some(front) = self.chunks.front_mut() {
            if front.is_empty() {
                self.chunks.pop_front();
                continue;
            }
            let count = front.len().min(wanted.len());
            let read = front.split_to(count);
            wanted[..count].copy_from_slice(&read);
            return Ok(count);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(chunks: &[&[u8]]) -> Value {
        let mut value = Value::default();
        for chunk in chunks {
            value.push(chunk.to_vec());
        }
        value
    }

    #[test]
    fn chunks_are_read_one_after_another() {
        let cases: [&[&[u8]]; 4] = [&[], &[b""], &[b"abc"], &[b"ab", b"", b"c", b"def"]];
        for chunks in cases {
            let expected = chunks.concat();
            assert_eq!(value(chunks).len(), expected.len() as u64);
            assert_eq!(value(chunks).into_vec(), expected);
            let (mut read, mut rest) = (Vec::new(), value(chunks));
            let mut two = [0; 2];
            while let count @ 1.. = rest.read(&mut two).unwrap() {
                read.extend_from_slice(&two[..count]);
            }
            assert_eq!(read, expected);
            assert_eq!(rest.len(), 0);
        }
    }
}
