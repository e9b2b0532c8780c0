//! Reads brotli.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{DecodeError, Stepped, broken};

type Inner = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// A reader of one stream.
pub(super) struct Reader {
    inner: Box<Inner>,
    ended: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // Strict: the windows of RFC 7932 go up to 16 MiB, those of its extension to 1 GiB.
        Self { inner: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())), ended: false }
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Stepped {
        if self.ended {
            return if input.is_empty() { Ok((0, 0)) } else { Err(DecodeError::Trailing) };
        }
        let (mut left, mut used, mut free) = (input.len(), 0, room.len());
        let (mut made, mut total) = (0, 0);
        let inner = &mut self.inner;
        let result = BrotliDecompressStream(
            &mut left, &mut used, input, &mut free, &mut made, room, &mut total, inner,
        );
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(broken("a fault in the brotli stream")),
        }
        Ok((used, made))
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.ended { Ok(()) } else { Err(DecodeError::Early) }
    }
}
