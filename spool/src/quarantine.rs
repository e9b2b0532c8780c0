//! Crashes that no further try will carry, put aside for a person with the reason in words.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::layout::Layout;
use crate::{Claim, Error, Spool, durable};

impl Spool {
    /// Moves a claimed file into quarantine with a reason, and returns where it stands when both last.
    pub fn quarantine(&self, claim: &Claim, reason: &str) -> Result<PathBuf, Error> {
        let from = &claim.entry.path;
        let layout = self.layout_of(from);
        let inode = claim.file.metadata().map_err(Error::io("look up", from))?.ino();
        let (crash_path, reason_path) = layout.quarantined(claim.entry.crash_id, inode);
        // The reason first: no crash stands there without one, whenever we are killed.
        fs::write(&reason_path, format!("{reason}\n")).map_err(Error::io("write", &reason_path))?;
        let file = fs::File::open(&reason_path).map_err(Error::io("open", &reason_path))?;
        durable::flush_data(&file)
            .map_err(|source| Error::Flush { path: reason_path.clone(), source })?;
        durable::rename_over(from, &crash_path).map_err(Error::io("rename", from))?;
        let folder = layout.quarantine();
        durable::flush_folder(&folder).map_err(|source| Error::Flush { path: folder, source })?;
        Ok(crash_path)
    }

    /// The root that a file stands in: a rename must not leave its file system.
    fn layout_of(&self, path: &Path) -> &Layout {
        let root = self.roots.iter().find(|root| path.starts_with(root.layout.dir()));
        // A claim made by another spool object still gets a place.
        &root.unwrap_or(&self.roots[0]).layout
    }
}
