//! Putting a raw crash: its file, its rows, and what happens if its id is there already.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use auxilio_common::storage::{IndexEntry, PutRaw};
use auxilio_common::{DumpInfo, RawCrash, RawEnvelope, Throttle};
use auxilio_spool::folder::Folder;
use auxilio_spool::{Envelope, EnvelopeWriter, durable};

use crate::fault::Fault;
use crate::inner::Inner;
use crate::layout::Place;

/// Bytes of a dump that are copied at once.
const COPY_BYTES: usize = 64 * 1024;

/// How a raw file came to have its name.
enum Placed {
    /// By us, now.
    Now,
    /// It had it before.
    Before,
}

impl Inner {
    pub(crate) fn put_raw(&self, envelope: &dyn RawEnvelope) -> Result<PutRaw, Fault> {
        let crash = envelope.raw_crash();
        let raw = self.layout.raw(crash.crash_id);
        let (shard, placed) = self.place_raw(envelope, &raw)?;
        if let Placed::Before = placed {
            let stored = Envelope::open(&raw.path())?.into_raw_crash();
            match compare(&stored, crash) {
                PutRaw::Stored => {}
                other => return Ok(other),
            }
        }
        let made = self.make_rows_last(crash, &shard, &raw.path());
        if made.is_err() && matches!(placed, Placed::Now) {
            // A failed flush is never repeated: the next try shall make the names anew. Rows would
            // keep the bytes of a copy that no crash has.
            let _ = self.remove_rows(crash);
            let _ = durable::unlink(&raw.path());
        }
        made?;
        if let Placed::Now = placed {
            let shown = self.get_raw(crash.crash_id)?;
            shown.filter(|shown| shown.is_same_as(crash)).ok_or(Fault::NotShown)?;
        }
        Ok(PutRaw::Stored)
    }

    /// Writes all rows and flushes what the crash needs; the row of the unprocessed index comes
    /// after all else lasts.
    fn make_rows_last(&self, crash: &RawCrash, shard: &Folder, raw: &Path) -> Result<(), Fault> {
        let first = [Some(self.layout.window_row(crash)), self.layout.hang_row(crash)];
        let made = first.iter().flatten().map(|row| self.make_row(row, raw));
        let folders = made.collect::<Result<Vec<_>, _>>()?;
        shard.flush()?;
        for folder in folders {
            folder.flush()?;
        }
        if crash.metadata.throttle == Throttle::Accept {
            let received_at = crash.metadata.received_at;
            let entry = IndexEntry { received_at, crash_id: crash.crash_id };
            self.make_row(&self.layout.index_row(&entry), raw)?.flush()?;
        }
        Ok(())
    }

    /// A row is one more name of the raw file: only the name is ever read. A file of its own would
    /// cost an inode, and ext4 searches long for a free one where many were freed in the last
    /// seconds, which is what a queue does (measured: a quarter of all CPU under load).
    pub(crate) fn make_row(&self, row: &Place, raw: &Path) -> Result<Arc<Folder>, Fault> {
        let made =
            self.folders.write_in(&row.folder, |folder| match folder.link_in(raw, &row.name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) if cannot_link(&error) => folder.make_empty(&row.name),
                linked => linked,
            })?;
        Ok(made.0)
    }

    /// Gives the raw file its name: by a link, else by a copy, else written from its parts.
    fn place_raw(
        &self,
        envelope: &dyn RawEnvelope,
        raw: &Place,
    ) -> Result<(Arc<Folder>, Placed), Fault> {
        let Some(path) = envelope.path() else {
            return self.place_file(raw, |aside| self.write_parts(envelope, aside));
        };
        // What gets the name must be a file of the format and this crash.
        if Envelope::open(path)?.raw_crash() != envelope.raw_crash() {
            return self.place_file(raw, |aside| self.write_parts(envelope, aside));
        }
        if is_ours(path)? {
            let (shard, linked) = self.folders.write_in(&raw.folder, |folder| {
                match folder.link_in(path, &raw.name) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
                    other => Ok(other),
                }
            })?;
            match linked {
                Ok(()) => return Ok((shard, Placed::Now)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Ok((shard, Placed::Before));
                }
                Err(error) if cannot_link(&error) => {}
                Err(error) => return Err(Fault::io("link", path)(error)),
            }
        }
        self.place_file(raw, |aside| copy_whole(path, aside))
    }

    /// Writes a file aside, flushes it, and gives it the name if that is free.
    fn place_file(
        &self,
        raw: &Place,
        write: impl FnOnce(&Path) -> Result<File, Fault>,
    ) -> Result<(Arc<Folder>, Placed), Fault> {
        let unfinished = self.unfinished()?;
        let aside = unfinished.path();
        let file = write(aside)?;
        durable::flush_data(&file).map_err(Fault::io("flush", aside))?;
        let (shard, placed) = self.folders.write_in(&raw.folder, |folder| {
            match folder.rename_in(aside, &raw.name) {
                Ok(_) => Ok(Placed::Now),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Placed::Before),
                Err(error) => Err(error),
            }
        })?;
        Ok((shard, placed))
    }

    fn write_parts(&self, envelope: &dyn RawEnvelope, aside: &Path) -> Result<File, Fault> {
        let crash = envelope.raw_crash();
        let mut writer = EnvelopeWriter::create(aside, &*self.random)?;
        let mut buffer = vec![0; COPY_BYTES];
        for dump in &crash.dumps {
            let mut bytes = envelope
                .open_dump(&dump.name)
                .map_err(Fault::io("read a dump for", aside))?
                .ok_or_else(|| Fault::DumpMissing(dump.name.clone()))?;
            writer.begin_dump(dump.name.clone())?;
            loop {
                let read = bytes.read(&mut buffer).map_err(Fault::io("read a dump for", aside))?;
                if read == 0 {
                    break;
                }
                writer.write(&buffer[..read])?;
            }
            let written = writer.end_dump()?;
            if (written.length, &written.sha256) != (dump.length, &dump.sha256) {
                return Err(Fault::DumpChanged(dump.name.clone()));
            }
        }
        Ok(writer.finish(crash.clone())?.0)
    }
}

/// What the crash that came first is to one that wants its id.
fn compare(stored: &RawCrash, new: &RawCrash) -> PutRaw {
    let same_dumps = stored.dumps.len() == new.dumps.len()
        && stored.dumps.iter().zip(&new.dumps).all(|(one, other)| content(one) == content(other));
    if !same_dumps || stored.annotations != new.annotations {
        PutRaw::IdTaken
    } else if stored.metadata == new.metadata {
        PutRaw::Stored
    } else {
        PutRaw::Duplicate
    }
}

/// All of a dump but its place in a file.
fn content(dump: &DumpInfo) -> (&str, u64, &str) {
    (dump.name.as_str(), dump.length, &dump.sha256)
}

/// A file of another owner is copied: whoever owns it could change it under our name.
fn is_ours(path: &Path) -> Result<bool, Fault> {
    let metadata = fs::metadata(path).map_err(Fault::io("look up", path))?;
    Ok(metadata.uid() == rustix::process::geteuid().as_raw())
}

/// Another file system, one without links, or too many links.
fn cannot_link(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::CrossesDevices | Kind::PermissionDenied | Kind::TooManyLinks | Kind::Unsupported
    )
}

fn copy_whole(path: &Path, aside: &Path) -> Result<File, Fault> {
    let mut from = File::open(path).map_err(Fault::io("open", path))?;
    let mut to = File::create_new(aside).map_err(Fault::io("make", aside))?;
    io::copy(&mut from, &mut to).map_err(Fault::io("copy", path))?;
    Ok(to)
}
