//! What all operations share: paths, open folders, the place for unfinished files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use auxilio_common::RawEnvelope as _;
use auxilio_common::storage::{Presence, StoredDump, StoredDumpBytes};
use auxilio_common::{CrashId, DumpName, Generation, ProcessedDocument, Random, RawCrash};
use auxilio_spool::instance::{self, Instance, Unfinished};
use auxilio_spool::{Envelope, durable};

use crate::Config;
use crate::fault::Fault;
use crate::folders::Folders;
use crate::layout::{self, Layout};
use crate::listing::names;
use crate::processed;

pub(crate) struct Inner {
    pub(crate) layout: Layout,
    pub(crate) folders: Folders,
    pub(crate) random: Arc<dyn Random>,
    instance: Mutex<Option<Arc<Instance>>>,
    prepared: AtomicBool,
}

impl Inner {
    pub(crate) fn new(config: Config, random: Arc<dyn Random>) -> Self {
        Self {
            layout: Layout::new(config.dir),
            folders: Folders::default(),
            random,
            instance: Mutex::default(),
            prepared: AtomicBool::new(false),
        }
    }

    /// Finds the store's folders; the first time, makes those that are missing. Later a missing
    /// one is an error, and never "no such crash": the file system is not mounted, or was moved.
    pub(crate) fn present(&self) -> Result<(), Fault> {
        let folders = self.layout.bases();
        if !self.prepared.load(Ordering::Relaxed) {
            for folder in &folders {
                durable::make_folders(folder).map_err(Fault::io("make", folder))?;
            }
            self.prepared.store(true, Ordering::Relaxed);
        }
        let [first, ..] = &folders;
        fs::symlink_metadata(first).map(drop).map_err(Fault::io("find", first))
    }

    /// A place for a file that is written aside.
    pub(crate) fn unfinished(&self) -> Result<Unfinished, Fault> {
        let mut kept = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = &*kept
            && instance.is_there()
        {
            return Ok(instance.unfinished());
        }
        let parent = self.layout.instances();
        instance::sweep(&parent)?;
        let made = Arc::new(Instance::create(&parent, &*self.random)?);
        Ok(kept.insert(made).unfinished())
    }

    pub(crate) fn open_raw(&self, crash_id: CrashId) -> Result<Option<Envelope>, Fault> {
        match Envelope::open(&self.layout.raw(crash_id).path()) {
            Ok(envelope) => Ok(Some(envelope)),
            Err(error) if is_absent(error.io_cause()) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, Fault> {
        Ok(self.open_raw(crash_id)?.map(Envelope::into_raw_crash))
    }

    /// The dump's checksum is compared here, so that a reader may map the file and trust it.
    pub(crate) fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, Fault> {
        let Some(envelope) = self.open_raw(crash_id)? else { return Ok(None) };
        envelope.check_dump(name)?;
        Ok(envelope.raw_crash().dump(name).map(|dump| StoredDump {
            length: dump.length,
            bytes: StoredDumpBytes::File {
                path: self.layout.raw(crash_id).path(),
                offset: dump.offset,
            },
        }))
    }

    pub(crate) fn put_processed(&self, document: &ProcessedDocument) -> Result<(), Fault> {
        let (crash_id, generation) = (document.envelope.crash_id, document.envelope.generation);
        let bytes = processed::to_bytes(document).map_err(Fault::Json)?;
        let unfinished = self.unfinished()?;
        write_lasting(unfinished.path(), &bytes)?;
        let place = self.layout.processed(crash_id, generation);
        let (folder, ()) = self
            .folders
            .write_in(&place.folder, |folder| folder.rename_over(unfinished.path(), &place.name))?;
        folder.flush()?;
        // Of several the highest stays, whoever put it: it may not be this one.
        let mut generations = self.generations(crash_id)?;
        let newest = generations.iter().max().copied();
        generations.retain(|generation| Some(*generation) != newest);
        for lower in generations {
            let path = self.layout.processed(crash_id, lower).path();
            durable::unlink(&path).map_err(Fault::io("remove", &path))?;
        }
        Ok(())
    }

    pub(crate) fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, Fault> {
        while let Some(newest) = self.newest(crash_id)? {
            let path = self.layout.processed(crash_id, newest).path();
            match fs::read(&path) {
                Ok(bytes) => {
                    return processed::parse(&bytes)
                        .map(Some)
                        .map_err(|source| Fault::Processed { path, source });
                }
                // A higher one came and this one went between the look and the read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Fault::io("read", &path)(error)),
            }
        }
        Ok(None)
    }

    pub(crate) fn exists(&self, crash_id: CrashId) -> Result<Presence, Fault> {
        let raw = is_file(&self.layout.raw(crash_id).path())?;
        Ok(Presence { raw, processed: self.newest(crash_id)? })
    }

    pub(crate) fn generations(&self, crash_id: CrashId) -> Result<Vec<Generation>, Fault> {
        let id = crash_id.to_string();
        let names = names(&self.layout.shard(crash_id))?;
        Ok(names.iter().filter_map(|name| layout::generation_of(name, &id)).collect())
    }

    /// Writes, flushes and removes a small file.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let unfinished = self.unfinished()?;
        write_lasting(unfinished.path(), b"check")
    }

    fn newest(&self, crash_id: CrashId) -> Result<Option<Generation>, Fault> {
        Ok(self.generations(crash_id)?.into_iter().max())
    }
}

pub(crate) fn is_file(path: &Path) -> Result<bool, Fault> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::io("look up", path)(error)),
    }
}

fn is_absent(cause: Option<&io::Error>) -> bool {
    cause.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Writes a new file and flushes its data.
fn write_lasting(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::File::create(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| durable::flush_data(&file)))
        .map_err(Fault::io("write", path))
}
