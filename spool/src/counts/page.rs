//! The files of counts: a writer's page and journal, and the merged counts of the dead.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use auxilio_common::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Counts, Event};
use crate::{Error, durable};

/// Name of a writer's page.
const PAGE: &str = "counts";

/// Begin of a journal's name.
const JOURNAL: &str = "journal.";

/// What a writer has counted, as it is written every second.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Page {
    /// `collector` or `crashmover`.
    pub(super) role: String,
    /// When it was written.
    pub(super) written_at: Option<Timestamp>,
    pub(super) counts: Counts,
    /// The first journal that these counts do not know of.
    pub(super) journal: u64,
    /// What was under way: told by earlier journals, and not counted.
    pub(super) pending: Vec<Record>,
    /// Folders on disks that failed while their writer lived: all that they count is counted here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaces: Vec<String>,
}

/// A line of a journal: something is about to be done to a file, or was not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// What tells it from the writer's others.
    pub(super) ticket: u64,
    /// The number of its submission, if it is one's end.
    pub(super) submission: Option<u64>,
    /// Done when no file stands there: a path, or what follows the spool's folder.
    pub(super) file: String,
    /// What it counts as; `None`: the one of this ticket was given up.
    pub(super) event: Option<Event>,
}

/// A record as it is written, under another path.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    ticket: u64,
    submission: Option<u64>,
    file: &'a str,
    event: Option<&'a Event>,
}

impl Record {
    pub(super) fn line<'a>(&'a self, file: &'a str) -> Line<'a> {
        let Self { ticket, submission, event, .. } = self;
        Line { ticket: *ticket, submission: *submission, file, event: event.as_ref() }
    }
}

/// The settled counts of writers that are dead.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Merged {
    pub(super) counts: Counts,
    /// Folders that are in the counts and not removed yet.
    pub(super) absorbed: Vec<String>,
    /// What the pages in the counts replaced. It is kept for good, because nobody knows when a disk comes
    /// back; there is one only after a disk has failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaces: Vec<String>,
}

/// A writer's page; the default where there is none yet.
pub(super) fn read_page(folder: &Path) -> Result<Page, Error> {
    read(&folder.join(PAGE))
}

pub(super) fn write_page(folder: &Path, page: &Page) -> Result<(), Error> {
    write(&folder.join(PAGE), page)
}

/// The journals of a writer from a number on, in their order.
pub(super) fn read_journals(folder: &Path, from: u64) -> Result<Vec<Record>, Error> {
    let mut journals: Vec<_> =
        journals(folder)?.into_iter().filter(|(number, _)| *number >= from).collect();
    journals.sort_unstable();
    let mut records = Vec::new();
    for (_, path) in journals {
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(Error::io("read", &path))?;
            // A kill may leave half of the last line: what it tells of was not begun.
            records.extend(serde_json::from_slice::<Record>(&line));
        }
    }
    Ok(records)
}

pub(super) fn create_journal(folder: &Path, number: u64) -> Result<File, Error> {
    let path = folder.join(format!("{JOURNAL}{number}"));
    File::create(&path).map_err(Error::io("make", &path))
}

/// Removes the journals before a number: a page tells all that they told.
pub(super) fn remove_journals(folder: &Path, before: u64) -> Result<(), Error> {
    for (_, path) in journals(folder)?.into_iter().filter(|(number, _)| *number < before) {
        durable::unlink(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Removes a dead writer's folder.
pub(super) fn remove_folder(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        durable::unlink(&path).map_err(Error::io("remove", &path))?;
    }
    fs::remove_dir(folder).map_err(Error::io("remove", folder))
}

/// A file of JSON; the default where there is none.
pub(super) fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|source| Error::Counts { path: path.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Writes a file of JSON beside its place and renames it there: whoever reads it finds all of the old
/// one or all of the new one, also after a power cut.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value)
        .map_err(|source| Error::Counts { path: path.to_owned(), source })?;
    let new = path.with_extension("new");
    let mut file = File::create(&new).map_err(Error::io("make", &new))?;
    file.write_all(&bytes).map_err(Error::io("write", &new))?;
    durable::flush_data(&file).map_err(Error::io("flush", &new))?;
    durable::rename_over(&new, path).map_err(Error::io("rename", &new))
}

fn journals(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(JOURNAL)?.parse().ok());
        found.extend(number.map(|number| (number, entry.path())));
    }
    Ok(found)
}
