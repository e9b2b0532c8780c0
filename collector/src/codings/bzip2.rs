//! The format of bzip2.

use bzip2::{Decompress, Status};

use super::{DecodeError, Stepped, broken, length};

/// A reader of streams, one behind the other.
pub(super) struct Reader {
    inner: Decompress,
    /// Whether the last byte that came was a stream's last.
    whole: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { inner: Decompress::new(false), whole: false }
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Stepped {
        if self.whole {
            if input.is_empty() {
                return Ok((0, 0));
            }
            *self = Self::new();
        }
        let (read, made) = (self.inner.total_in(), self.inner.total_out());
        let status = self.inner.decompress(input, room).map_err(broken)?;
        let (used, made) = (self.inner.total_in() - read, self.inner.total_out() - made);
        self.whole = status == Status::StreamEnd;
        Ok((length(used), length(made)))
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.whole { Ok(()) } else { Err(DecodeError::Early) }
    }
}
