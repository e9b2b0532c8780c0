//! What bodies and dumps are compressed with. Every reader takes its input in pieces of any size and
//! gives its output in steps of a bounded size, whatever the input's ratio.

mod brotli;
mod budget;
mod bzip2;
mod deflate;
mod gzip;
mod xz;
mod zstd;

pub(crate) use budget::Budget;

/// Bytes that one step makes at most.
const STEP_BYTES: usize = 32 * 1024;

/// A way of compressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952, any number of members.
    Gzip,
    /// HTTP's name for zlib (RFC 1950); some clients send raw deflate (RFC 1951) under it.
    Deflate,
    /// RFC 8878, any number of frames.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// The .xz format, any number of streams.
    Xz,
    /// The format of bzip2, any number of streams.
    Bzip2,
}

impl Coding {
    /// The name that is shown and counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// Why a stream can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No reader could be made.
    #[error("no reader can be made")]
    Start(#[source] std::io::Error),
    /// The stream is damaged, or asks for more memory than its limit.
    #[error("the stream is broken")]
    Broken(#[source] std::io::Error),
    /// The stream ends before its end.
    #[error("the stream ends early")]
    Early,
    /// Bytes follow the stream's end.
    #[error("bytes follow the stream's end")]
    Trailing,
}

/// The reader of one stream.
pub struct Decoder {
    kind: Kind,
    /// Where a step's output goes first: made once, because a step may be for one byte.
    room: Box<[u8]>,
}

enum Kind {
    Gzip(Box<gzip::Reader>),
    Deflate(deflate::Reader),
    Zstd(zstd::Reader),
    Brotli(brotli::Reader),
    Xz(xz::Reader),
    Bzip2(bzip2::Reader),
}

impl Decoder {
    /// A reader at a stream's begin.
    pub fn new(coding: Coding) -> Result<Self, DecodeError> {
        let kind = match coding {
            Coding::Gzip => Kind::Gzip(Box::new(gzip::Reader::new())),
            Coding::Deflate => Kind::Deflate(deflate::Reader::new()),
            Coding::Zstd => Kind::Zstd(zstd::Reader::new()?),
            Coding::Brotli => Kind::Brotli(brotli::Reader::new()),
            Coding::Xz => Kind::Xz(xz::Reader::new()?),
            Coding::Bzip2 => Kind::Bzip2(bzip2::Reader::new()),
        };
        Ok(Self { kind, room: vec![0; STEP_BYTES].into() })
    }

    /// Takes bytes from the input and appends to the output, some ten thousand at most. Returns how
    /// many were taken. Once it takes and makes nothing, the input is done with and more may come.
    pub fn step(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<usize, DecodeError> {
        let room = &mut self.room;
        let (used, made) = match &mut self.kind {
            Kind::Gzip(reader) => return reader.step(input, output),
            Kind::Deflate(reader) => reader.step(input, room),
            Kind::Zstd(reader) => reader.step(input, room),
            Kind::Brotli(reader) => reader.step(input, room),
            Kind::Xz(reader) => reader.step(input, room),
            Kind::Bzip2(reader) => reader.step(input, room),
        }?;
        output.extend_from_slice(&room[..made]);
        Ok(used)
    }

    /// The input has ended: appends what was held back, some ten thousand bytes at most, and says
    /// whether the stream was whole.
    pub fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), DecodeError> {
        match &mut self.kind {
            Kind::Gzip(reader) => reader.finish(output),
            Kind::Deflate(reader) => reader.finish(),
            Kind::Zstd(reader) => reader.finish(),
            Kind::Brotli(reader) => reader.finish(),
            Kind::Xz(reader) => reader.finish(),
            Kind::Bzip2(reader) => reader.finish(),
        }
    }
}

/// Bytes that a step took and made, or why it could not.
type Stepped = Result<(usize, usize), DecodeError>;

/// A length within a slice, which the libraries count in 64 bits.
fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DecodeError {
    DecodeError::Broken(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests;
