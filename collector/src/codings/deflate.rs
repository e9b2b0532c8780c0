//! Deflate, with zlib's frame as HTTP means it or raw as some clients send it.

use flate2::{Decompress, FlushDecompress, Status};

use super::{DecodeError, Stepped, broken, length};

/// A reader of one stream.
pub(super) struct Reader {
    state: State,
}

enum State {
    /// This many bytes, the first of them this one, do not tell zlib from raw.
    Unknown(Option<u8>),
    Going(Decompress),
    Ended,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { state: State::Unknown(None) }
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Stepped {
        match &mut self.state {
            State::Unknown(first) => {
                let Some(&byte) = input.first() else { return Ok((0, 0)) };
                let Some(first) = *first else {
                    *first = Some(byte);
                    return Ok((1, 0));
                };
                let mut inner = Decompress::new(is_zlib(first, byte));
                // The byte that was held back; it makes no output yet.
                inner.decompress(&[first], &mut [], FlushDecompress::None).map_err(broken)?;
                self.state = State::Going(inner);
                self.step(input, room)
            }
            State::Going(inner) => {
                let (read, made) = (inner.total_in(), inner.total_out());
                let status =
                    inner.decompress(input, room, FlushDecompress::None).map_err(broken)?;
                let (used, made) = (inner.total_in() - read, inner.total_out() - made);
                if status == Status::StreamEnd {
                    self.state = State::Ended;
                }
                Ok((length(used), length(made)))
            }
            State::Ended if input.is_empty() => Ok((0, 0)),
            State::Ended => Err(DecodeError::Trailing),
        }
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if matches!(self.state, State::Ended) { Ok(()) } else { Err(DecodeError::Early) }
    }
}

/// Whether two bytes are zlib's head: method 8, a window that exists, and their check.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}
