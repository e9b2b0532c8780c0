//! A crash being written into the spool: dumps as they arrive, then durable under its name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_common::{DumpInfo, DumpName, Random, RawCrash};

use crate::instance::Unfinished;
use crate::root::Root;
use crate::scratch::Scratch;
use crate::writer::EnvelopeWriter;
use crate::{Error, Lane};

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
    writer: EnvelopeWriter,
    unfinished: Unfinished,
    root: Arc<Root>,
}

impl Draft {
    pub(crate) fn create(root: Arc<Root>, random: &dyn Random) -> Result<Self, Error> {
        let unfinished = root.instance(random)?.unfinished();
        let writer = EnvelopeWriter::create(unfinished.path(), random)?;
        Ok(Self { writer, unfinished, root })
    }

    /// Begins a dump; the one before must be ended.
    pub fn begin_dump(&mut self, name: DumpName) -> Result<(), Error> {
        self.writer.begin_dump(name)
    }

    /// Adds bytes to the dump that was begun. Returns its length so far, for the caller's limit.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        self.writer.write(bytes)
    }

    /// Ends the dump that was begun.
    pub fn end_dump(&mut self) -> Result<DumpInfo, Error> {
        self.writer.end_dump()
    }

    /// Takes back the dump that was begun: its bytes leave the file.
    pub fn drop_dump(&mut self) -> Result<(), Error> {
        self.writer.drop_dump()
    }

    /// Room beside the draft for bytes that may have to be read a second time.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.unfinished.beside())
    }

    /// The dumps that were ended, in the order of their arrival.
    pub fn dumps(&self) -> &[DumpInfo] {
        self.writer.dumps()
    }

    /// Bytes of all dumps so far.
    pub fn dump_bytes(&self) -> u64 {
        self.writer.dump_bytes()
    }

    /// Where the file stands until it is committed.
    pub fn path(&self) -> &Path {
        self.unfinished.path()
    }

    /// Writes the index, makes the file last under its name in the lane, and returns. What
    /// `raw_crash` says of its dumps is replaced by what was written.
    ///
    /// After an error the crash is not in the spool and must not be answered as accepted.
    pub fn commit(self, lane: Lane, raw_crash: RawCrash) -> Result<Spooled, Error> {
        let Self { writer, unfinished, root } = self;
        let (crash_id, path) = (raw_crash.crash_id, unfinished.path());
        let (file, bytes) = writer.finish(raw_crash)?;
        // Held from before the rename until the folder is flushed: a carrier passes it over.
        file.lock().map_err(Error::io("lock", path))?;
        let published =
            Root::flush_data(&file, path).and_then(|()| root.publish(path, lane, crash_id));
        match &published {
            Ok(_) => root.well(),
            Err(_) => root.failed(),
        }
        // Unlocked before it is closed: a watcher wakes at the close and shall find it free.
        // Should it fail, the close unlocks.
        let _ = file.unlock();
        let path = published?;
        unfinished.renamed();
        Ok(Spooled { path, bytes })
    }
}
