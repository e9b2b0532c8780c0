//! The first count of all: what waits in a spool before anybody has counted, as in one that an earlier
//! version has written.

use std::fs;
use std::io::ErrorKind;

use super::page::{self, Merged};
use super::settle::lock;
use super::{Counts, Event, FOUND};
use crate::files::Kind;
use crate::{Envelope, Error, Source, SpoolFile, durable};

/// Why it was not counted when it came.
const BEFORE_COUNTS: &str = "before_counts";

/// Counts what is there, once for a spool and its fallback: while neither has any counts.
pub(crate) fn begin(sources: &[Source]) -> Result<(), Error> {
    let Some(first) = sources.first() else { return Ok(()) };
    // Nothing is made where a spool belongs that is away.
    first.check_readable()?;
    let dir = first.layout.counts();
    durable::make_folders(&dir).map_err(Error::io("make", &dir))?;
    let _lock = lock(&dir)?;
    if sources.iter().any(has_counts) {
        return Ok(());
    }
    let mut counts = Counts::default();
    for source in sources {
        for file in source.files()? {
            let file = file?;
            let is_kept = matches!(file.kind, Kind::Waiting(..) | Kind::Quarantined(_));
            if let Some(product) = product(&file).filter(|_| is_kept) {
                counts.add(Event::new(FOUND, Some(&product), BEFORE_COUNTS));
            }
        }
    }
    page::write(&first.layout.merged_counts(), &Merged { counts, ..Merged::default() })
}

fn has_counts(source: &Source) -> bool {
    fs::read_dir(source.layout.counts()).is_ok_and(|mut entries| entries.next().is_some())
}

/// The product of a spooled file, under the name that counts give it. A damaged file has none. `None` for a
/// file that is gone.
pub fn product(file: &SpoolFile) -> Option<String> {
    let crash = match Envelope::open(&file.path) {
        Ok(envelope) => Some(envelope.into_raw_crash()),
        Err(error) if error.io_cause().is_some_and(|it| it.kind() == ErrorKind::NotFound) => {
            return None;
        }
        Err(_) => None,
    };
    let name = crash.as_ref().and_then(|crash| crash.annotation("ProductName"));
    Some(Event::new("", name, "").product)
}
