//! Whether a crash in the spool is whole: every byte of its file is read and compared.

use std::io;

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
        let read = Envelope::open(&self.path).and_then(|envelope| {
            envelope.verify()?;
            Ok(envelope.into_raw_crash().crash_id)
        });
        match read {
            Ok(held) if self.crash_id().is_some_and(|named| named != held) => {
                let source = format::Error::OtherCrash(held);
                Verdict::Bad(Error::Damaged { path: self.path.clone(), source })
            }
            Ok(_) => Verdict::Whole,
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Verdict::Gone
            }
            Err(error) => Verdict::Bad(error),
        }
    }
}
