//! A writer's own folder for unfinished files, held by a lock as long as the process lives, and the
//! sweep of folders whose process is gone. The disk store keeps its unfinished files in the same way.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use auxilio_common::Random;

use crate::{Error, durable, format};

/// Names that are tried before giving up; each has 64 random bits.
const NAMES_TRIED: usize = 8;

/// The folder of this process. The lock goes with the last clone of the open folder.
#[derive(Debug)]
pub struct Instance {
    path: PathBuf,
    /// The open folder, held for its lock.
    lock: File,
    next: AtomicU64,
}

impl Instance {
    /// Makes and locks a folder below `parent` that nobody else has.
    pub fn create(parent: &Path, random: &dyn Random) -> Result<Self, Error> {
        let mut trouble = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..NAMES_TRIED {
            let mut name = [0; 8];
            random.fill(&mut name);
            let path = parent.join(format::hex(&name));
            match make_and_lock(&path) {
                Ok(Some(lock)) => return Ok(Self { path, lock, next: AtomicU64::new(0) }),
                // A sweep came between the making and the lock, or the name was taken.
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => trouble = error,
                Err(error) => return Err(Error::io("make and lock", &path)(error)),
            }
        }
        Err(Error::io("make a folder in", parent)(trouble))
    }

    /// Whether the folder still stands where it was made.
    pub fn is_there(&self) -> bool {
        names(&self.path, &self.lock).unwrap_or(false)
    }

    /// Where it stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's own name, which no other has.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A path in the folder that is free, to be unlinked when dropped.
    pub fn unfinished(self: &Arc<Self>) -> Unfinished {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(number.to_string());
        Unfinished { path, instance: Arc::clone(self), is_renamed: false }
    }
}

/// The place of a file without a name that lasts; what stands there is unlinked when this is
/// dropped, unless it was renamed.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    /// Keeps the folder and its lock.
    instance: Arc<Instance>,
    is_renamed: bool,
}

impl Unfinished {
    /// Where the file is to be made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another place in the same folder.
    #[must_use]
    pub fn beside(&self) -> Self {
        self.instance.unfinished()
    }

    /// Notes that the file has another name: to look for it here would cost the lock of a folder in which
    /// all others make theirs.
    pub(crate) fn renamed(mut self) {
        self.is_renamed = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_renamed {
            // What stays is swept at the next start.
            let _ = durable::unlink(&self.path);
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Not empty while a draft lives: then the next start's sweep takes it.
        let _ = fs::remove_dir(&self.path);
    }
}

/// Removes what dead processes left below `parent`: files that were never acknowledged. Returns
/// how many. A folder whose lock is held is left alone.
pub fn sweep(parent: &Path) -> Result<usize, Error> {
    let mut swept = 0;
    for entry in fs::read_dir(parent).map_err(Error::io("list", parent))? {
        let path = entry.map_err(Error::io("list", parent))?.path();
        swept += sweep_one(&path).map_err(Error::io("sweep", &path))?;
    }
    Ok(swept)
}

fn sweep_one(path: &Path) -> io::Result<usize> {
    let folder = match File::open(path) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    if !folder.metadata()?.is_dir() || !lock(&folder)? || !names(path, &folder)? {
        return Ok(0);
    }
    let mut swept = 0;
    for entry in fs::read_dir(path)? {
        fs::remove_file(entry?.path())?;
        swept += 1;
    }
    fs::remove_dir(path)?;
    Ok(swept)
}

fn make_and_lock(path: &Path) -> io::Result<Option<File>> {
    fs::create_dir(path)?;
    let folder = match File::open(path) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok((lock(&folder)? && names(path, &folder)?).then_some(folder))
}

/// Takes the lock of an open file if nobody has it.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Whether somebody holds a folder's lock. It is asked for shared and for an instant: a sweep that
/// comes just then passes the folder over, and a writer takes another name.
pub(crate) fn is_locked(folder: &Path) -> bool {
    let Ok(folder) = File::open(folder) else { return false };
    matches!(folder.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
}

/// Whether a path still names the open file.
pub(crate) fn names(path: &Path, file: &File) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
