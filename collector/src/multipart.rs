//! A streaming reader of multipart bodies: bytes go in as they come, parts come out as they are
//! known. It holds a part's head and a delimiter's length of data, never a part.

use auxilio_common::limits;
use memchr::memmem::{self, Finder};

use crate::part_head::PartHead;

/// What takes the parts.
pub trait PartSink {
    /// Why a part is not taken.
    type Error;

    /// A part begins.
    fn begin(&mut self, head: PartHead) -> Result<(), Self::Error>;

    /// More bytes of the part that has begun.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// The part is whole.
    fn end(&mut self) -> Result<(), Self::Error>;
}

/// Why a body is no whole form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The body ended before the closing delimiter.
    #[error("the body ends within a part")]
    Truncated,
    /// There is no delimiter at all.
    #[error("the boundary never occurs in the body")]
    NoParts,
    /// A part's head is too long.
    #[error("the head of a part is longer than {} bytes", limits::PART_HEAD_BYTES_MAX)]
    HeadTooLong,
    /// A delimiter is followed by something else than a line's end or two dashes.
    #[error("a delimiter is not followed by a line's end")]
    Delimiter,
}

/// Why feeding a body has to end.
#[derive(Debug)]
pub enum FeedError<E> {
    /// The body is no form.
    Form(MultipartError),
    /// The sink does not take a part.
    Sink(E),
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Just behind a delimiter.
    Delimiter,
    /// Within a part's head, from the line's end before it on.
    Head,
    /// Within a part's bytes.
    Data,
    /// Behind the closing delimiter.
    Epilogue,
}

/// How far a step came.
struct Step {
    /// Bytes that are done with.
    used: usize,
    /// Whether the bytes behind them may be looked at already.
    more: bool,
}

/// The reader of one body.
pub struct Parser {
    /// Finds CR LF, two dashes and the boundary.
    delimiter: Finder<'static>,
    /// Bytes that are not decided yet.
    pending: Vec<u8>,
    state: State,
}

impl Parser {
    /// A reader for a boundary of 1 to [`limits::BOUNDARY_BYTES_MAX`] bytes.
    pub fn new(boundary: &[u8]) -> Self {
        let delimiter = Finder::new(&[b"\r\n--", boundary].concat()).into_owned();
        // The first delimiter needs no line's end before it: pretend that there was one.
        Self { delimiter, pending: b"\r\n".to_vec(), state: State::Preamble }
    }

    /// Takes more bytes of the body.
    pub fn feed<S: PartSink>(
        &mut self,
        bytes: &[u8],
        sink: &mut S,
    ) -> Result<(), FeedError<S::Error>> {
        let mut buffer = std::mem::take(&mut self.pending);
        buffer.extend_from_slice(bytes);
        let mut rest = buffer.as_slice();
        loop {
            let step = self.step(rest, sink)?;
            rest = &rest[step.used..];
            if !step.more {
                break;
            }
        }
        self.pending = rest.to_vec();
        Ok(())
    }

    /// The body has ended: was it a whole form?
    pub fn finish(&self) -> Result<(), MultipartError> {
        match self.state {
            State::Epilogue => Ok(()),
            State::Preamble => Err(MultipartError::NoParts),
            State::Delimiter | State::Head | State::Data => Err(MultipartError::Truncated),
        }
    }

    fn step<S: PartSink>(
        &mut self,
        rest: &[u8],
        sink: &mut S,
    ) -> Result<Step, FeedError<S::Error>> {
        match self.state {
            State::Preamble => Ok(self.preamble(rest)),
            State::Delimiter => self.delimiter(rest).map_err(FeedError::Form),
            State::Head => match self.head(rest).map_err(FeedError::Form)? {
                Some((used, head)) => {
                    sink.begin(head).map_err(FeedError::Sink)?;
                    Ok(Step { used, more: true })
                }
                None => Ok(Step { used: 0, more: false }),
            },
            State::Data => self.data(rest, sink).map_err(FeedError::Sink),
            State::Epilogue => Ok(Step { used: rest.len(), more: false }),
        }
    }

    fn preamble(&mut self, rest: &[u8]) -> Step {
        match self.delimiter.find(rest) {
            Some(place) => {
                self.state = State::Delimiter;
                Step { used: place + self.delimiter.needle().len(), more: true }
            }
            None => Step { used: self.undecided_from(rest), more: false },
        }
    }

    /// Behind a delimiter: two dashes close the form; white space and a line's end open a part.
    fn delimiter(&mut self, rest: &[u8]) -> Result<Step, MultipartError> {
        if rest.starts_with(b"--") {
            self.state = State::Epilogue;
            return Ok(Step { used: 2, more: true });
        }
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match &rest[blanks..] {
            [b'\r', b'\n', ..] => {
                self.state = State::Head;
                Ok(Step { used: blanks, more: true })
            }
            [] | [b'\r'] => Self::wait_within_limit(rest),
            [b'-'] if blanks == 0 => Ok(Step { used: 0, more: false }),
            _ => Err(MultipartError::Delimiter),
        }
    }

    /// The head's length with the line's ends around it, and what it says, once it is whole.
    fn head(&mut self, rest: &[u8]) -> Result<Option<(usize, PartHead)>, MultipartError> {
        const END: &[u8] = b"\r\n\r\n";
        // `rest` begins with the line's end of the delimiter, so that an empty head is found too.
        let Some(place) = memmem::find(rest, END) else {
            return Self::wait_within_limit(rest).map(|_| None);
        };
        Self::wait_within_limit(&rest[..place])?;
        self.state = State::Data;
        Ok(Some((place + END.len(), PartHead::parse(&rest[..place]))))
    }

    fn data<S: PartSink>(&mut self, rest: &[u8], sink: &mut S) -> Result<Step, S::Error> {
        if let Some(place) = self.delimiter.find(rest) {
            if place > 0 {
                sink.data(&rest[..place])?;
            }
            sink.end()?;
            self.state = State::Delimiter;
            return Ok(Step { used: place + self.delimiter.needle().len(), more: true });
        }
        let certain = self.undecided_from(rest);
        if certain > 0 {
            sink.data(&rest[..certain])?;
        }
        Ok(Step { used: certain, more: false })
    }

    /// Where the bytes begin that a delimiter may still start in.
    fn undecided_from(&self, rest: &[u8]) -> usize {
        rest.len().saturating_sub(self.delimiter.needle().len() - 1)
    }

    fn wait_within_limit(rest: &[u8]) -> Result<Step, MultipartError> {
        if rest.len() > limits::PART_HEAD_BYTES_MAX {
            return Err(MultipartError::HeadTooLong);
        }
        Ok(Step { used: 0, more: false })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Parts {
        open: bool,
        parts: Vec<(PartHead, Vec<u8>)>,
    }

    impl PartSink for Parts {
        type Error = Infallible;

        fn begin(&mut self, head: PartHead) -> Result<(), Infallible> {
            assert!(!self.open);
            self.open = true;
            self.parts.push((head, Vec::new()));
            Ok(())
        }

        fn data(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
            assert!(self.open && !bytes.is_empty());
            self.parts.last_mut().unwrap().1.extend_from_slice(bytes);
            Ok(())
        }

        fn end(&mut self) -> Result<(), Infallible> {
            assert!(self.open);
            self.open = false;
            Ok(())
        }
    }

    fn read(boundary: &str, chunks: &[&[u8]]) -> Result<Vec<(PartHead, Vec<u8>)>, MultipartError> {
        let (mut parser, mut parts) = (Parser::new(boundary.as_bytes()), Parts::default());
        for chunk in chunks {
            match parser.feed(chunk, &mut parts) {
                Ok(()) => {}
                Err(FeedError::Form(error)) => return Err(error),
                Err(FeedError::Sink(never)) => match never {},
            }
        }
        parser.finish().map(|()| parts.parts)
    }

    fn values(body: &[u8]) -> Vec<Vec<u8>> {
        read("B", &[body]).unwrap().into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn a_value_may_be_empty_or_end_in_a_line_end_or_hold_half_a_delimiter() {
        let body = b"--B\r\n\r\n\r\n--B\r\n\r\nx\r\n\r\n--B \r\nA: b\r\n\r\n\r\n--\r\n-\r\n--B--";
        assert_eq!(values(body), [b"".to_vec(), b"x\r\n".to_vec(), b"\r\n--\r\n-".to_vec()]);
    }

    #[test]
    fn a_preamble_and_an_epilogue_are_passed_over() {
        assert_eq!(values(b"hello\r\n--B\r\n\r\n1\r\n--B--\r\nbye\r\n--B\r\n"), [b"1".to_vec()]);
    }

    #[test]
    fn every_way_of_ending_early_is_named() {
        let whole = b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--";
        assert!(read("B", &[whole]).is_ok());
        for length in 0..whole.len() {
            assert!(read("B", &[&whole[..length]]).is_err(), "{length}");
        }
        assert_eq!(read("B", &[b"--Bx"]), Err(MultipartError::Delimiter));
        assert_eq!(read("B", &[b"nothing"]), Err(MultipartError::NoParts));
        let long = [b"--B\r\n".to_vec(), vec![b'x'; limits::PART_HEAD_BYTES_MAX + 1]].concat();
        assert_eq!(read("B", &[&long]), Err(MultipartError::HeadTooLong));
    }

    proptest! {
        #[test]
        fn every_split_into_chunks_gives_the_same_parts(
            values in prop::collection::vec(prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'B'), any::<u8>()], 0..40), 1..5),
            cuts in prop::collection::vec(0_usize..400, 0..12),
        ) {
            let boundary = "BoundaryOfTheTest";
            let mut body = Vec::new();
            for value in &values {
                body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n").as_bytes());
                body.extend_from_slice(value);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.extend([0, body.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect();
            let parts = read(boundary, &chunks).unwrap();
            let read_values: Vec<Vec<u8>> = parts.into_iter().map(|(_, value)| value).collect();
            prop_assert_eq!(read_values, values);
        }

        #[test]
        fn any_bytes_end_in_parts_or_a_named_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read("B", &[b"--B\r\n", &body]);
        }
    }
}
