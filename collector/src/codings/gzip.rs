//! Reads gzip.

use std::io::{ErrorKind, Write};

use flate2::write::MultiGzDecoder;

use super::{DecodeError, broken};

/// A reader of gzip members.
pub(super) struct Reader {
    /// One write makes at most the 32 KiB of its own buffer, which go into the vector.
    inner: MultiGzDecoder<Vec<u8>>,
    begun: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { inner: MultiGzDecoder::new(Vec::new()), begun: false }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        if input.is_empty() {
            return Ok(0);
        }
        self.begun = true;
        let used = self.inner.write(input).map_err(DecodeError::Broken)?;
        output.append(self.inner.get_mut());
        Ok(used)
    }

    pub(super) fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), DecodeError> {
        if !self.begun {
            return Err(DecodeError::Early);
        }
        self.inner.try_finish().map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => DecodeError::Early,
            _ => broken(error),
        })?;
        output.append(self.inner.get_mut());
        Ok(())
    }
}
