//! Whether a crash in the spool is whole: every byte of its file is read and compared.

use std::io;

use auxilio_common::RawCrash;

use crate::files::SpoolFile;
use crate::{Envelope, Error, format};

/// What became of a look at a file.
#[derive(Debug)]
pub enum Verdict {
    /// Every byte is what was written.
    Whole,
    /// It was carried away before it could be opened.
    Gone,
    /// It is not what was written, or can't be read.
    Bad(Error),
}

impl SpoolFile {
    /// Reads the file wholly and compares it with its checksums. Changes and locks nothing; a
    /// carrier may take the file away meanwhile.
    pub fn verify(&self) -> Verdict {
        match Envelope::open(&self.path).and_then(|envelope| self.whole(envelope)) {
            Ok(_) => Verdict::Whole,
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Verdict::Gone
            }
            Err(error) => Verdict::Bad(error),
        }
    }

    /// The crash that the file holds, if each of its bytes is what was written and it is that of the
    /// file's name.
    pub(crate) fn whole(&self, envelope: Envelope) -> Result<RawCrash, Error> {
        envelope.verify()?;
        let crash = envelope.into_raw_crash();
        if self.crash_id().is_some_and(|named| named != crash.crash_id) {
            let source = format::Error::OtherCrash(crash.crash_id);
            return Err(Error::Damaged { path: self.path.clone(), source });
        }
        Ok(crash)
    }
}
