//! One folder of the spool on one file system: the main one or the fallback.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::{CrashId, Random};

use crate::instance::{self, Instance};
use crate::layout;
use crate::minute_folder::{MinuteFolder, MinuteFolders, names_for};
use crate::{Error, Lane, Source, durable};

/// How long a folder that failed a flush is left alone before one request tries it again.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Times that a vanished minute folder is made again for one crash.
const FOLDERS_TRIED: usize = 10;

#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) source: Source,
    folders: MinuteFolders,
    instance: Mutex<Option<Arc<Instance>>>,
    /// Monotonic microseconds until which the folder is left alone; 0 while it is well.
    rests_until: AtomicU64,
}

impl Root {
    /// Removes what dead writers left. Returns how many files.
    pub(crate) fn sweep(&self) -> Result<usize, Error> {
        instance::sweep(&self.source.layout.instances())
    }

    /// The root over a folder that is there already. Makes nothing and sweeps nothing.
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            folders: MinuteFolders::default(),
            instance: Mutex::default(),
            rests_until: AtomicU64::new(0),
        }
    }

    /// The folder for this process's unfinished files, made at the first need.
    pub(crate) fn instance(&self, random: &dyn Random) -> Result<Arc<Instance>, Error> {
        let mut instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = &*instance {
            return Ok(Arc::clone(instance));
        }
        // A disk that was gone when the spool was opened has come back without folders, perhaps.
        self.source.make()?;
        let made = Arc::new(Instance::create(&self.source.layout.instances(), random)?);
        Ok(Arc::clone(instance.insert(made)))
    }

    /// Moves a flushed, locked file into its lane; returns its path once the name lasts.
    ///
    /// If the folder's flush fails, the name is gone again when this returns.
    pub(crate) fn publish(
        &self,
        from: &Path,
        lane: Lane,
        crash_id: CrashId,
    ) -> Result<PathBuf, Error> {
        let (folder, path) = self.place(from, lane, crash_id)?;
        match folder.folder.flush() {
            Ok(()) => Ok(path),
            Err(error) => {
                let _ = durable::unlink(&path);
                Err(error)
            }
        }
    }

    /// Moves a file into its lane; returns its path and the folder, which the caller flushes.
    pub(crate) fn place(
        &self,
        from: &Path,
        lane: Lane,
        crash_id: CrashId,
    ) -> Result<(Arc<MinuteFolder>, PathBuf), Error> {
        let mut gone = None;
        for _ in 0..FOLDERS_TRIED {
            let minute = layout::minute_name(self.source.clock.now());
            let folder =
                self.folders.of_minute(&self.source.layout, lane, &minute, gone.as_ref())?;
            let taken_in = names_for(crash_id)
                .map(|name| folder.folder.rename_in(from, &name))
                .find(|result| !is(result, io::ErrorKind::AlreadyExists));
            match taken_in {
                Some(Ok(path)) => return Ok((folder, path)),
                Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("rename", from)(error));
                }
                _ => gone = Some(folder),
            }
        }
        Err(Error::io("rename", from)(io::ErrorKind::NotFound.into()))
    }

    /// Flushes a finished file's data.
    pub(crate) fn flush_data(file: &File, path: &Path) -> Result<(), Error> {
        durable::flush_data(file).map_err(|source| Error::Flush { path: path.to_owned(), source })
    }

    /// Notes that a flush failed: new crashes go elsewhere for a while.
    pub(crate) fn failed(&self) {
        self.rests_until.store(self.monotonic() + micros(REST_AFTER_FAILURE), Ordering::Relaxed);
    }

    /// Notes that a crash got through.
    pub(crate) fn well(&self) {
        self.rests_until.store(0, Ordering::Relaxed);
    }

    /// Whether a new crash may go here. While the folder rests, one caller a second may try it.
    pub(crate) fn may_take(&self) -> bool {
        let until = self.rests_until.load(Ordering::Relaxed);
        let now = self.monotonic();
        until == 0
            || (until <= now
                && self
                    .rests_until
                    .compare_exchange(
                        until,
                        now + micros(REST_AFTER_FAILURE),
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    )
                    .is_ok())
    }

    fn monotonic(&self) -> u64 {
        micros(self.source.clock.monotonic())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 2)
}

fn is<T>(result: &io::Result<T>, kind: io::ErrorKind) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == kind)
}
