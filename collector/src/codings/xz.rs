//! The .xz format.

use auxilio_common::limits;
use liblzma::stream::{Action, CONCATENATED, Status, Stream};

use super::{DecodeError, Stepped, broken, length};

/// A reader of streams, one behind the other.
pub(super) struct Reader {
    inner: Stream,
}

impl Reader {
    pub(super) fn new() -> Result<Self, DecodeError> {
        let inner = Stream::new_stream_decoder(limits::XZ_MEMORY_BYTES_MAX, CONCATENATED)
            .map_err(|error| DecodeError::Start(error.into()))?;
        Ok(Self { inner })
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Stepped {
        let (read, made) = (self.inner.total_in(), self.inner.total_out());
        self.inner.process(input, room, Action::Run).map_err(broken)?;
        let (used, made) = (self.inner.total_in() - read, self.inner.total_out() - made);
        Ok((length(used), length(made)))
    }

    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        // All output is out: what is left to say is whether a stream is open.
        match self.inner.process(&[], &mut [], Action::Finish) {
            Ok(Status::StreamEnd) => Ok(()),
            _ => Err(DecodeError::Early),
        }
    }
}
