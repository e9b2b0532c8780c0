//! Writes the file format: header, dumps, index, trailer.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use auxilio_common::{DumpInfo, DumpName, Random, RawCrash, limits};
use crc32fast::Hasher as Crc32;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::format::{self, HEADER_BYTES, Header, Trailer};

/// Bytes gathered before a write to the file: what a body's chunks usually have.
const BUFFER_BYTES: usize = 64 * 1024;

/// A file of the format under way. Whoever owns it makes it last, or unlinks it.
#[derive(Debug)]
pub struct EnvelopeWriter {
    file: BufWriter<File>,
    /// For errors.
    path: PathBuf,
    header: Header,
    position: u64,
    dumps: Vec<DumpInfo>,
    current: Option<CurrentDump>,
}

#[derive(Debug)]
struct CurrentDump {
    name: DumpName,
    offset: u64,
    hasher: Sha256,
    crc32: Crc32,
}

impl EnvelopeWriter {
    /// Makes a new file at a path that is free, and writes the header.
    pub fn create(path: &Path, random: &dyn Random) -> Result<Self, Error> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(Error::io("make", path))?;
        let mut nonce = [0; 16];
        random.fill(&mut nonce);
        let mut writer = Self {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            path: path.to_owned(),
            header: Header { nonce },
            position: 0,
            dumps: Vec::new(),
            current: None,
        };
        writer.append(&writer.header.to_bytes())?;
        Ok(writer)
    }

    /// Begins a dump; the one before must be ended.
    pub fn begin_dump(&mut self, name: DumpName) -> Result<(), Error> {
        self.no_dump_open()?;
        if self.dumps.iter().any(|dump| dump.name == name) {
            return Err(Error::DumpTwice(name));
        }
        let (offset, hasher, crc32) = (self.position, Sha256::new(), Crc32::new());
        self.current = Some(CurrentDump { name, offset, hasher, crc32 });
        Ok(())
    }

    /// Adds bytes to the dump that was begun. Returns its length so far, for the caller's limit.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let current = self.current.as_mut().ok_or(Error::NoDumpBegun)?;
        current.hasher.update(bytes);
        current.crc32.update(bytes);
        let offset = current.offset;
        self.append(bytes)?;
        Ok(self.position - offset)
    }

    /// Ends the dump that was begun.
    pub fn end_dump(&mut self) -> Result<DumpInfo, Error> {
        let current = self.current.take().ok_or(Error::NoDumpBegun)?;
        let dump = DumpInfo {
            name: current.name,
            offset: current.offset,
            length: self.position - current.offset,
            sha256: format::hex(&current.hasher.finalize()),
            crc32: Some(current.crc32.finalize()),
        };
        self.dumps.push(dump.clone());
        Ok(dump)
    }

    /// Takes back the dump that was begun: its bytes leave the file.
    pub fn drop_dump(&mut self) -> Result<(), Error> {
        let current = self.current.take().ok_or(Error::NoDumpBegun)?;
        let path = &self.path;
        self.file.seek(SeekFrom::Start(current.offset)).map_err(Error::io("seek in", path))?;
        self.file.get_ref().set_len(current.offset).map_err(Error::io("cut", path))?;
        self.position = current.offset;
        Ok(())
    }

    /// The dumps that were ended, in the order of their arrival.
    pub fn dumps(&self) -> &[DumpInfo] {
        &self.dumps
    }

    /// Bytes of all dumps so far.
    pub fn dump_bytes(&self) -> u64 {
        self.position - HEADER_BYTES as u64
    }

    /// Writes index and trailer. What `raw_crash` says of its dumps is replaced by what was
    /// written. Returns the file, not flushed to the disk, and its length.
    pub fn finish(mut self, mut raw_crash: RawCrash) -> Result<(File, u64), Error> {
        self.no_dump_open()?;
        raw_crash.dumps = std::mem::take(&mut self.dumps);
        let crash_id = raw_crash.crash_id;
        let index =
            serde_json::to_vec(&raw_crash).map_err(|source| Error::Index { crash_id, source })?;
        let (bytes, max) = (index.len() as u64, limits::SPOOL_INDEX_BYTES_MAX);
        if bytes > max {
            return Err(Error::IndexTooLarge { bytes, max });
        }
        let trailer = Trailer::of(self.header, &index, self.position);
        self.append(&index)?;
        self.append(&trailer.to_bytes())?;
        let file = self
            .file
            .into_inner()
            .map_err(|error| Error::io("write", &self.path)(error.into_error()))?;
        Ok((file, self.position))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn no_dump_open(&self) -> Result<(), Error> {
        match &self.current {
            Some(dump) => Err(Error::DumpNotEnded(dump.name.clone())),
            None => Ok(()),
        }
    }
}
