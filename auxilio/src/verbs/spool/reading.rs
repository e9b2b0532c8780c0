//! Going through the files of a spool: what can't be read is complained about, and the rest goes on.

use std::io;

use auxilio_spool::{Source, SpoolFile};

use super::line::complain;

/// Hands each file of a spool over. `None` if it can't be listed at all, else whether all could be
/// read.
pub(super) fn each_file(
    name: &str,
    source: &Source,
    mut look: impl FnMut(SpoolFile) -> io::Result<()>,
) -> io::Result<Option<bool>> {
    let files = match source.files() {
        Ok(files) => files,
        Err(error) => {
            complain(name, &error);
            return Ok(None);
        }
    };
    let mut is_good = true;
    for file in files {
        match file {
            Ok(file) => look(file)?,
            Err(error) => {
                complain(name, &error);
                is_good = false;
            }
        }
    }
    Ok(Some(is_good))
}
