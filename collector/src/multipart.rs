//! A streaming reader of multipart bodies: bytes go in as they come, parts come out as they are
//! known. It holds the head of a part under way and nothing else, and looks at each byte once, however
//! small the pieces are.

use auxilio_common::limits;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

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
    /// Before the first delimiter; this many of its bytes came last.
    Preamble { matched: usize },
    /// Behind a delimiter and this much white space.
    Delimiter { blanks: usize },
    /// Behind a delimiter and one dash.
    Dash,
    /// Behind a delimiter and the CR of its line's end.
    LineEnd,
    /// Within a part's head.
    Head,
    /// Within a part's bytes; what came last are this many bytes of the delimiter.
    Data { matched: usize },
    /// Behind the closing delimiter.
    Epilogue,
}

/// What a piece of a part, or of the preamble, holds.
enum Search {
    /// Content up to here, then a whole delimiter up to there.
    Found { content: usize, end: usize },
    /// Content up to here; the rest is this much of a delimiter.
    Open { content: usize, matched: usize },
    /// What came last was no delimiter's begin after all; nothing is used.
    Broken,
}

/// The reader of one body.
#[derive(Debug)]
pub struct Parser {
    /// Finds CR LF, two dashes and the boundary. CR stands in it once, at its begin: a request's head
    /// can't bring another one.
    delimiter: Finder<'static>,
    /// The head under way.
    head: Vec<u8>,
    state: State,
}

impl Parser {
    /// A reader for a boundary of 1 to [`limits::BOUNDARY_BYTES_MAX`] bytes without CR.
    pub fn new(boundary: &[u8]) -> Self {
        let delimiter = Finder::new(&[b"\r\n--", boundary].concat()).into_owned();
        // The first delimiter needs no line's end before it: pretend that there was one.
        Self { delimiter, head: Vec::new(), state: State::Preamble { matched: 2 } }
    }

    /// Takes more bytes of the body.
    pub fn feed<S: PartSink>(
        &mut self,
        bytes: &[u8],
        sink: &mut S,
    ) -> Result<(), FeedError<S::Error>> {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let used = match self.state {
                State::Preamble { matched } => self.preamble(rest, matched),
                State::Delimiter { .. } | State::Dash | State::LineEnd => {
                    self.state = self.behind_delimiter(first).map_err(FeedError::Form)?;
                    1
                }
                State::Head => self.head(rest, sink)?,
                State::Data { matched } => {
                    self.data(rest, matched, sink).map_err(FeedError::Sink)?
                }
                State::Epilogue => return Ok(()),
            };
            rest = &rest[used..];
        }
        Ok(())
    }

    /// The body has ended: was it a whole form?
    pub fn finish(&self) -> Result<(), MultipartError> {
        match self.state {
            State::Epilogue => Ok(()),
            State::Preamble { .. } => Err(MultipartError::NoParts),
            _ => Err(MultipartError::Truncated),
        }
    }

    fn preamble(&mut self, rest: &[u8], matched: usize) -> usize {
        match self.search(rest, matched) {
            Search::Found { end, .. } => {
                self.state = State::Delimiter { blanks: 0 };
                end
            }
            Search::Open { matched, .. } => {
                self.state = State::Preamble { matched };
                rest.len()
            }
            Search::Broken => {
                self.state = State::Preamble { matched: 0 };
                0
            }
        }
    }

    /// Two dashes behind a delimiter close the form; white space and a line's end open a part.
    fn behind_delimiter(&mut self, byte: u8) -> Result<State, MultipartError> {
        match (self.state, byte) {
            (State::Delimiter { blanks: 0 }, b'-') => Ok(State::Dash),
            (State::Delimiter { blanks }, b' ' | b'\t')
                if blanks < limits::DELIMITER_PADDING_BYTES_MAX =>
            {
                Ok(State::Delimiter { blanks: blanks + 1 })
            }
            (State::Delimiter { .. }, b'\r') => Ok(State::LineEnd),
            (State::Dash, b'-') => Ok(State::Epilogue),
            (State::LineEnd, b'\n') => {
                self.head.clear();
                Ok(State::Head)
            }
            _ => Err(MultipartError::Delimiter),
        }
    }

    /// A head goes up to its first empty line, which may be its very first.
    fn head<S: PartSink>(
        &mut self,
        rest: &[u8],
        sink: &mut S,
    ) -> Result<usize, FeedError<S::Error>> {
        let line_end = memchr(b'\n', rest);
        let used = line_end.map_or(rest.len(), |place| place + 1);
        if self.head.len() + used > limits::PART_HEAD_BYTES_MAX {
            return Err(FeedError::Form(MultipartError::HeadTooLong));
        }
        self.head.extend_from_slice(&rest[..used]);
        if line_end.is_some() && ends_in_an_empty_line(&self.head) {
            let head = PartHead::parse(&self.head);
            self.head.clear();
            self.state = State::Data { matched: 0 };
            sink.begin(head).map_err(FeedError::Sink)?;
        }
        Ok(used)
    }

    fn data<S: PartSink>(
        &mut self,
        rest: &[u8],
        matched: usize,
        sink: &mut S,
    ) -> Result<usize, S::Error> {
        match self.search(rest, matched) {
            Search::Found { content, end } => {
                if content > 0 {
                    sink.data(&rest[..content])?;
                }
                self.state = State::Delimiter { blanks: 0 };
                sink.end()?;
                Ok(end)
            }
            Search::Open { content, matched } => {
                if content > 0 {
                    sink.data(&rest[..content])?;
                }
                self.state = State::Data { matched };
                Ok(rest.len())
            }
            Search::Broken => {
                self.state = State::Data { matched: 0 };
                sink.data(&self.delimiter.needle()[..matched])?;
                Ok(0)
            }
        }
    }

    /// Looks for the delimiter, of which `matched` bytes came last.
    fn search(&self, rest: &[u8], matched: usize) -> Search {
        let delimiter = self.delimiter.needle();
        if matched > 0 {
            let wanted = &delimiter[matched..];
            return if rest.starts_with(wanted) {
                Search::Found { content: 0, end: wanted.len() }
            } else if wanted.starts_with(rest) {
                Search::Open { content: 0, matched: matched + rest.len() }
            } else {
                Search::Broken
            };
        }
        if let Some(content) = self.delimiter.find(rest) {
            return Search::Found { content, end: content + delimiter.len() };
        }
        // A delimiter can only begin at the last CR: it holds no second one.
        let tail = rest.len().saturating_sub(delimiter.len() - 1);
        match memrchr(b'\r', &rest[tail..]).map(|place| tail + place) {
            Some(place) if delimiter.starts_with(&rest[place..]) => {
                Search::Open { content: place, matched: rest.len() - place }
            }
            _ => Search::Open { content: rest.len(), matched: 0 },
        }
    }
}

/// Whether the last line of a head, which ends in a line feed, has nothing else.
fn ends_in_an_empty_line(head: &[u8]) -> bool {
    let before = head.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    before.is_some_and(|before| before.is_empty() || before.ends_with(b"\n"))
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

    #[test]
    fn a_delimiter_may_be_padded_and_a_head_may_be_empty_or_end_in_a_bare_line_feed() {
        let blanks = " ".repeat(limits::DELIMITER_PADDING_BYTES_MAX);
        let body = format!("--B{blanks}\r\n\r\n1\r\n--B\t\r\nA: b\n\n2\r\n--B--");
        assert_eq!(values(body.as_bytes()), [b"1".to_vec(), b"2".to_vec()]);
        let body = format!("--B {blanks}\r\n\r\n1\r\n--B--");
        assert_eq!(read("B", &[body.as_bytes()]), Err(MultipartError::Delimiter));
    }

    #[test]
    fn a_head_may_have_its_limit_and_no_byte_more() {
        let body = |length: usize| {
            [b"--B\r\n".as_slice(), &vec![b'x'; length - 4], b"\r\n\r\n1\r\n--B--"].concat()
        };
        let bytes = |body: &[u8]| -> Vec<Vec<u8>> { body.chunks(1).map(<[u8]>::to_vec).collect() };
        for (length, fits) in
            [(limits::PART_HEAD_BYTES_MAX, true), (limits::PART_HEAD_BYTES_MAX + 1, false)]
        {
            let body = body(length);
            let whole = read("B", &[&body]);
            assert_eq!(whole.is_ok(), fits);
            let bytes = bytes(&body);
            assert_eq!(read("B", &bytes.iter().map(Vec::as_slice).collect::<Vec<_>>()), whole);
        }
    }

    #[test]
    fn every_one_of_all_splits_of_a_small_body_gives_the_same() {
        for body in [
            b"--B\r\n\r\n\r\r\n--B--".as_slice(),
            b"\r\n-\r\n--B\t\r\n\r\n\r\n--B-",
            b"--B\r\nA\n\nx\r\n--\r\n--B!",
        ] {
            let whole = read("B", &[body]);
            for cuts in 0_u32..1 << (body.len() - 1) {
                let mut pieces = Vec::new();
                let mut begin = 0;
                for place in 1..body.len() {
                    if cuts & 1 << (place - 1) != 0 {
                        pieces.push(&body[begin..place]);
                        begin = place;
                    }
                }
                pieces.push(&body[begin..]);
                assert_eq!(read("B", &pieces), whole, "{pieces:?}");
            }
        }
    }

    /// Counts how much is handed out and in how many pieces.
    #[derive(Default)]
    struct Counted {
        bytes: usize,
        pieces: usize,
    }

    impl PartSink for Counted {
        type Error = Infallible;

        fn begin(&mut self, _: PartHead) -> Result<(), Infallible> {
            Ok(())
        }

        fn data(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
            self.bytes += bytes.len();
            self.pieces += 1;
            Ok(())
        }

        fn end(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    #[test]
    fn data_is_handed_out_as_it_comes_and_nothing_is_held() {
        let (mut parser, mut counted) = (Parser::new(b"B"), Counted::default());
        parser.feed(b"--B\r\n\r\n", &mut counted).unwrap();
        for _ in 0..1_000_000 {
            parser.feed(b"x", &mut counted).unwrap();
        }
        assert_eq!((counted.bytes, counted.pieces), (1_000_000, 1_000_000));
        assert!(parser.head.capacity() <= limits::PART_HEAD_BYTES_MAX);
    }

    /// Bytes and tokens that a reader may stumble over.
    fn tokens(boundary: &'static str) -> impl Strategy<Value = Vec<u8>> {
        let token = prop_oneof![
            Just(b"\r\n".to_vec()),
            Just(b"--".to_vec()),
            Just(boundary.as_bytes().to_vec()),
            Just(format!("\r\n--{boundary}").into_bytes()),
            Just(format!("\r\n--{boundary}\r\n\r\n").into_bytes()),
            Just(b"Content-Disposition: form-data; name=f; filename=\"".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r".to_vec()),
            prop::collection::vec(any::<u8>(), 0..5),
        ];
        prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
    }

    fn pieces<'a>(body: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
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
        fn sound_or_not_a_body_means_the_same_in_one_piece_in_bytes_and_in_any_pieces(
            body in tokens("B-b"),
            cuts in prop::collection::vec(any::<usize>(), 0..20),
        ) {
            let body = [b"--B-b\r\n\r\n".as_slice(), &body].concat();
            let whole = read("B-b", &[&body]);
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            prop_assert_eq!(&read("B-b", &bytes), &whole);
            prop_assert_eq!(&read("B-b", &pieces(&body, &cuts)), &whole);
        }

        #[test]
        fn a_large_body_means_the_same_in_any_pieces(
            seed in any::<u64>(),
            cuts in prop::collection::vec(any::<usize>(), 0..200),
        ) {
            let value: Vec<u8> = (0..100_000_u64)
                .map(|place| place.wrapping_mul(seed | 1).to_le_bytes()[5])
                .collect();
            let body = [b"--B\r\n\r\n".as_slice(), &value, b"\r\n--B--"].concat();
            let parts = read("B", &pieces(&body, &cuts)).unwrap();
            prop_assert_eq!(&parts[0].1, &value);
        }

        #[test]
        fn any_bytes_end_in_parts_or_a_named_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read("B", &[b"--B\r\n", &body]);
        }
    }
}
