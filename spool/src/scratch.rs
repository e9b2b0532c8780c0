//! Bytes that may have to be read a second time: a compressed dump as it came, until its end shows
//! that it is whole. Short ones stay in memory, long ones go into a file without a name, which is
//! never flushed and goes when this is dropped.

use std::fs::File;
use std::os::unix::fs::FileExt;

use auxilio_common::limits;

use crate::Error;
use crate::instance::Unfinished;

/// The bytes, in the order of their arrival.
#[derive(Debug)]
pub struct Scratch {
    place: Unfinished,
    /// What is not in the file.
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
}

impl Scratch {
    pub(crate) fn new(place: Unfinished) -> Self {
        Self { place, memory: Vec::new(), file: None, length: 0 }
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.length += bytes.len() as u64;
        if self.file.is_none() {
            if self.memory.len() + bytes.len() <= limits::SCRATCH_MEMORY_BYTES_MAX {
                self.memory.extend_from_slice(bytes);
                return Ok(());
            }
            let begin = std::mem::take(&mut self.memory);
            self.file = Some(self.make()?);
            self.append(&begin, 0)?;
        }
        self.append(bytes, self.length - bytes.len() as u64)
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads bytes from a place on; 0 at the end.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        if let Some(file) = &self.file {
            return file.read_at(buffer, offset).map_err(Error::io("read", self.place.path()));
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.memory.len());
        let rest = &self.memory[offset..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn make(&self) -> Result<File, Error> {
        let path = self.place.path();
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(path);
        let file = file.map_err(Error::io("make", path))?;
        std::fs::remove_file(path).map_err(Error::io("unlink", path))?;
        Ok(file)
    }

    fn append(&self, bytes: &[u8], offset: u64) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        file.write_all_at(bytes, offset).map_err(Error::io("write", self.place.path()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::instance::Instance;

    #[derive(Debug)]
    struct Zeros;

    impl auxilio_common::Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn short_and_long_ones_give_back_what_they_took_and_leave_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let instance = Arc::new(Instance::create(dir.path(), &Zeros).unwrap());
        for pieces in [1, 3, limits::SCRATCH_MEMORY_BYTES_MAX / 1000 + 2] {
            let mut scratch = Scratch::new(instance.unfinished());
            let mut all = Vec::new();
            for piece in 0..pieces {
                let bytes = vec![piece.to_le_bytes()[0]; 1000];
                scratch.write(&bytes).unwrap();
                all.extend_from_slice(&bytes);
            }
            let (mut read, mut buffer) = (Vec::new(), vec![0; 777]);
            loop {
                let count = scratch.read_at(read.len() as u64, &mut buffer).unwrap();
                if count == 0 {
                    break;
                }
                read.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(read, all);
            assert_eq!(scratch.length(), all.len() as u64);
            assert_eq!(scratch.file.is_some(), pieces > 3);
            let folder = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
        }
    }
}
