//! A crash being written: dumps as they arrive, then the index, then durable under its name.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use auxilio_common::{DumpInfo, DumpName, Random, RawCrash, limits};
use sha2::{Digest, Sha256};

use crate::format::{self, HEADER_BYTES, Header, Trailer};
use crate::instance::Instance;
use crate::root::Root;
use crate::{Error, Lane, durable};

/// Bytes gathered before a write to the file: what a body's chunks usually have.
const BUFFER_BYTES: usize = 64 * 1024;

/// A crash that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spooled {
    /// Where it stands.
    pub path: PathBuf,
    /// Bytes of the whole file.
    pub bytes: u64,
}

/// A crash under way. Dropped without [`Draft::commit`] it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    file: BufWriter<File>,
    unfinished: Unfinished,
    root: Arc<Root>,
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
}

/// The file without a name in a lane; unlinked when dropped, unless it moved on.
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
    /// Keeps the folder and its lock.
    _instance: Arc<Instance>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What stays is swept at the next start; after a commit there is nothing to unlink.
        let _ = durable::unlink(&self.path);
    }
}

impl Draft {
    pub(crate) fn create(root: Arc<Root>, random: &dyn Random) -> Result<Self, Error> {
        let instance = root.instance(random)?;
        let path = instance.next_path();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(Error::io("make", &path))?;
        let unfinished = Unfinished { path, _instance: instance };
        let mut nonce = [0; 16];
        random.fill(&mut nonce);
        let mut draft = Self {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            unfinished,
            root,
            header: Header { nonce },
            position: 0,
            dumps: Vec::new(),
            current: None,
        };
        draft.append(&draft.header.to_bytes())?;
        Ok(draft)
    }

    /// Begins a dump; the one before must be ended.
    pub fn begin_dump(&mut self, name: DumpName) -> Result<(), Error> {
        self.no_dump_open()?;
        if self.dumps.iter().any(|dump| dump.name == name) {
            return Err(Error::DumpTwice(name));
        }
        self.current = Some(CurrentDump { name, offset: self.position, hasher: Sha256::new() });
        Ok(())
    }

    /// Adds bytes to the dump that was begun. Returns its length so far, for the caller's limit.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let current = self.current.as_mut().ok_or(Error::NoDumpBegun)?;
        current.hasher.update(bytes);
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
        };
        self.dumps.push(dump.clone());
        Ok(dump)
    }

    /// Takes back the dump that was begun: its bytes leave the file.
    pub fn drop_dump(&mut self) -> Result<(), Error> {
        let current = self.current.take().ok_or(Error::NoDumpBegun)?;
        let path = &self.unfinished.path;
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

    /// Writes the index, makes the file last under its name in the lane, and returns. What
    /// `raw_crash` says of its dumps is replaced by what was written.
    ///
    /// After an error the crash is not in the spool and must not be answered as accepted.
    pub fn commit(mut self, lane: Lane, mut raw_crash: RawCrash) -> Result<Spooled, Error> {
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
        let path = &self.unfinished.path;
        self.file.flush().map_err(Error::io("write", path))?;
        let file = self.file.get_ref();
        // Held from before the rename until the folder is flushed: a carrier passes it over.
        file.lock().map_err(Error::io("lock", path))?;
        let published =
            Root::flush_data(file, path).and_then(|()| self.root.publish(path, lane, crash_id));
        match &published {
            Ok(_) => self.root.well(),
            Err(_) => self.root.failed(),
        }
        // Unlocked before it is closed: a watcher wakes at the close and shall find it free.
        // Should it fail, the close unlocks.
        let _ = file.unlock();
        Ok(Spooled { path: published?, bytes: self.position })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::io("write", &self.unfinished.path))?;
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
