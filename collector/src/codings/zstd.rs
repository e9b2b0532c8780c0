//! Zstandard.

use auxilio_common::limits;
use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::{DecodeError, Stepped};

/// A reader of frames.
pub(super) struct Reader {
    inner: Decoder<'static>,
    /// Whether the last byte that came was a frame's last.
    whole: bool,
}

impl Reader {
    pub(super) fn new() -> Result<Self, DecodeError> {
        let mut inner = Decoder::new().map_err(DecodeError::Start)?;
        inner
            .set_parameter(DParameter::WindowLogMax(limits::ZSTD_WINDOW_LOG_MAX))
            .map_err(DecodeError::Start)?;
        Ok(Self { inner, whole: false })
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Stepped {
        // Behind a frame's end an empty input would begin the next one.
        if input.is_empty() && self.whole {
            return Ok((0, 0));
        }
        let status = self.inner.run_on_buffers(input, room).map_err(DecodeError::Broken)?;
        self.whole = status.remaining == 0;
        Ok((status.bytes_read, status.bytes_written))
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.whole { Ok(()) } else { Err(DecodeError::Early) }
    }
}
