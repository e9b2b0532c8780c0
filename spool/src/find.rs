//! One crash among all that wait, by its id.

use std::fs;
use std::path::PathBuf;

use auxilio_common::CrashId;

use crate::files::Kind;
use crate::scan::{file_names, minutes, modified_at, spooled_at};
use crate::{Entry, Error, Lane, Source, SpoolFile, layout};

impl Source {
    /// Where a crash waits, in either lane; `None` if it does not. Of several files with one id
    /// (only ids that a submitter chose can meet) it is one of the oldest minute.
    ///
    /// Costs one look-up for each minute that has crashes, however many these are.
    pub fn find(&self, crash_id: CrashId) -> Result<Option<Entry>, Error> {
        let name = layout::file_name(crash_id, 0);
        for lane in Lane::ALL {
            for minute in minutes(&self.layout, lane)? {
                let path = self.layout.minute(lane, &minute).join(&name);
                if let Some(spooled_at) = spooled_at(&path) {
                    return Ok(Some(Entry { path, lane, crash_id, spooled_at }));
                }
            }
        }
        Ok(None)
    }

    /// The crash's files in quarantine: of one id there may be several.
    ///
    /// Costs a look at the name of each file there.
    pub fn find_quarantined(&self, crash_id: CrashId) -> Result<Vec<SpoolFile>, Error> {
        let names = file_names(&self.layout.quarantine())?;
        let of_crash = names.into_iter().filter(|(id, _)| *id == crash_id);
        Ok(of_crash.filter_map(|(_, path)| quarantined(path, crash_id)).collect())
    }
}

/// `None` if it is gone, or no plain file.
fn quarantined(path: PathBuf, crash_id: CrashId) -> Option<SpoolFile> {
    let metadata = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let written_at = modified_at(&metadata)?;
    let kind = Kind::Quarantined(crash_id);
    Some(SpoolFile { path, kind, bytes: metadata.len(), written_at })
}
