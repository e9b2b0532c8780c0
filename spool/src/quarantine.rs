//! Crashes that no further try will carry, put aside for a person with the reason in words.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::{Claim, Error, durable};

impl Claim {
    /// Moves the file into its spool's quarantine with a reason, and returns where it stands when
    /// both last.
    pub fn quarantine(&self, reason: &str) -> Result<PathBuf, Error> {
        let from = &self.entry.path;
        let folder = self.layout.quarantine();
        // A spool that was copied may lack it.
        durable::make_folders(&folder).map_err(Error::io("make", &folder))?;
        let inode = self.file.metadata().map_err(Error::io("look up", from))?.ino();
        let (crash_path, reason_path) = self.layout.quarantined(self.entry.crash_id, inode);
        // The reason first: no crash stands there without one, whenever we are killed.
        fs::write(&reason_path, format!("{reason}\n")).map_err(Error::io("write", &reason_path))?;
        let file = fs::File::open(&reason_path).map_err(Error::io("open", &reason_path))?;
        durable::flush_data(&file)
            .map_err(|source| Error::Flush { path: reason_path.clone(), source })?;
        durable::rename_over(from, &crash_path).map_err(Error::io("rename", from))?;
        durable::flush_folder(&folder).map_err(|source| Error::Flush { path: folder, source })?;
        Ok(crash_path)
    }
}
