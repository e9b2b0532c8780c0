//! Names in folders, and the crashes of a day.

use std::fs;
use std::io;
use std::path::Path;

use auxilio_common::{CrashId, Day};

use crate::fault::Fault;
use crate::inner::Inner;
use crate::layout;

/// The names in a folder in no order; a folder that is not there has none.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Fault::io("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let name = entry.map_err(Fault::io("list", folder))?.file_name();
        // None of our names has other characters.
        names.extend(name.into_string().ok());
    }
    Ok(names)
}

/// The same, sorted.
pub(crate) fn sorted_names(folder: &Path) -> Result<Vec<String>, Fault> {
    let mut names = names(folder)?;
    names.sort_unstable();
    Ok(names)
}

impl Inner {
    pub(crate) fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, Fault> {
        let folder = self.layout.crashes_of(day);
        let first_shard = after.map(layout::shard_name);
        let mut found = Vec::new();
        for shard in sorted_names(&folder)? {
            if found.len() >= limit {
                break;
            }
            if first_shard.as_ref().is_some_and(|first| shard < *first) {
                continue;
            }
            let names = names(&folder.join(&shard))?;
            let mut ids: Vec<_> =
                names.iter().filter_map(|name| layout::crash_of_raw(name)).collect();
            ids.retain(|id| after.is_none_or(|after| *id > after));
            ids.sort_unstable();
            found.append(&mut ids);
        }
        found.truncate(limit);
        Ok(found)
    }

    pub(crate) fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, Fault> {
        let names = sorted_names(&self.layout.hang(hang_id))?;
        Ok(names.iter().filter_map(|name| layout::parse_id(name)).collect())
    }
}
