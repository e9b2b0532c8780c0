//! Every file in a spool and what it is, for people who look into it. Nothing is locked and nothing
//! changed: carriers and writers notice nothing of it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use auxilio_common::{CrashId, Timestamp};

use crate::layout::{self, Layout};
use crate::scan::{minutes, modified_at};
use crate::{Error, Lane, Source, instance};

/// Bytes of a reason that are read.
const REASON_BYTES_MAX: u64 = 64 * 1024;

/// What a file in a spool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A crash that waits to be carried.
    Waiting(Lane, CrashId),
    /// A crash that no try would carry further.
    Quarantined(CrashId),
    /// A crash that was never acknowledged.
    Unfinished {
        /// Whether its writer lives, so that it may still be finished. A writer on another machine
        /// is not seen.
        writer_lives: bool,
    },
    /// What nobody carries: its name is no crash's, or it is no plain file.
    Stray,
}

/// A file in a spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolFile {
    /// Where it stands.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// How long it is.
    pub bytes: u64,
    /// When its last byte was written, by the clock of the system that wrote it.
    pub written_at: Timestamp,
}

impl Source {
    /// Every file: those that wait, oldest minute first, then those in quarantine, then unfinished
    /// ones. Files that go meanwhile are left out. A folder that can't be read is an error among the
    /// files; the others follow. Memory for one folder at a time.
    pub fn files(&self) -> Result<impl Iterator<Item = Result<SpoolFile, Error>> + use<>, Error> {
        self.check_readable()?;
        let mut folders = Vec::new();
        for lane in Lane::ALL {
            let minutes = minutes(&self.layout, lane)?.into_iter();
            folders.push(Folder::Lane(self.layout.lane(lane)));
            folders
                .extend(minutes.map(|name| Folder::Minute(lane, self.layout.minute(lane, &name))));
        }
        folders.push(Folder::Quarantine(self.layout.quarantine()));
        folders.extend(instances(&self.layout)?.into_iter().map(Folder::Instance));
        Ok(folders.into_iter().flat_map(|folder| {
            let (files, trouble) = match folder.files() {
                Ok(files) => (files, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            files.into_iter().map(Ok).chain(trouble.map(Err))
        }))
    }
}

impl SpoolFile {
    /// The crash, by the file's name.
    pub fn crash_id(&self) -> Option<CrashId> {
        match self.kind {
            Kind::Waiting(_, crash_id) | Kind::Quarantined(crash_id) => Some(crash_id),
            Kind::Unfinished { .. } | Kind::Stray => None,
        }
    }

    /// Why it is in quarantine, in words; `None` for what is not there, or has no reason beside it.
    pub fn reason(&self) -> Result<Option<String>, Error> {
        if !matches!(self.kind, Kind::Quarantined(_)) {
            return Ok(None);
        }
        let path = layout::reason_of(&self.path);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(REASON_BYTES_MAX).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        Ok(Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()))
    }
}

/// The folders that hold files, each with what they are.
enum Folder {
    Lane(PathBuf),
    Minute(Lane, PathBuf),
    Quarantine(PathBuf),
    Instance(PathBuf),
}

impl Folder {
    /// Its files, the oldest first; a folder that is gone has none.
    fn files(&self) -> Result<Vec<SpoolFile>, Error> {
        let writer_lives = matches!(self, Self::Instance(path) if instance::is_locked(path));
        let mut files = Vec::new();
        for path in list(self.path())? {
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("look up", &path)(error)),
            };
            let Some(kind) = self.kind(&path, &metadata, writer_lives) else { continue };
            let written_at = modified_at(&metadata).unwrap_or(Timestamp::from_micros(0));
            files.push(SpoolFile { path, kind, bytes: metadata.len(), written_at });
        }
        files.sort_by(|one, other| {
            (one.written_at, &one.path).cmp(&(other.written_at, &other.path))
        });
        Ok(files)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Lane(path)
            | Self::Minute(_, path)
            | Self::Quarantine(path)
            | Self::Instance(path) => path,
        }
    }

    /// What a file of the folder is; `None` for what belongs to another.
    fn kind(&self, path: &Path, metadata: &Metadata, writer_lives: bool) -> Option<Kind> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let crash_id = layout::crash_of_file_name(name).filter(|_| metadata.is_file());
        match (self, crash_id) {
            // A minute has its files told by itself; one that has not got its name yet has none.
            (Self::Lane(_), _) if metadata.is_dir() && layout::minute_of(name).is_some() => None,
            (Self::Minute(lane, _), Some(crash_id)) => Some(Kind::Waiting(*lane, crash_id)),
            (Self::Quarantine(_), Some(crash_id)) => Some(Kind::Quarantined(crash_id)),
            // Told with its crash. One that stands alone was left by a kill, and is worth nothing.
            (Self::Quarantine(_), None) if layout::crash_of_reason(path).is_some() => None,
            (Self::Instance(_), _) if metadata.is_file() => Some(Kind::Unfinished { writer_lives }),
            _ => Some(Kind::Stray),
        }
    }
}

/// The folders of writers, dead or alive.
fn instances(layout: &Layout) -> Result<Vec<PathBuf>, Error> {
    let mut folders = list(&layout.instances())?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

/// What a folder has; one that is not there has nothing.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    listing.map(|entry| Ok(entry.map_err(Error::io("list", folder))?.path())).collect()
}
