//! What each fuzz target holds its part to. A panic is a finding.
//!
//! What this crate deliberately is not: a place for expectations about single inputs; those stand in
//! the tests of the crate that they are about.

pub mod annotations;

use std::convert::Infallible;

use auxilio_collector::{
    Coding, DecodeError, Decoder, FeedError, MultipartError, Parser, PartHead, PartSink,
    read_json_part,
};
use auxilio_signature::{CrashData, Frame, Generator, Lists, Style, Thread};

/// Output of a stream that is looked at: more shows nothing new.
const OUTPUT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that one step of a decoder may make.
const STEP_BYTES_MAX: usize = 128 * 1024;

/// What a form has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    whole: Vec<(PartHead, Vec<u8>)>,
    current: Option<(PartHead, Vec<u8>)>,
}

impl PartSink for Parts {
    type Error = Infallible;

    fn begin(&mut self, head: PartHead) -> Result<(), Infallible> {
        assert!(self.current.is_none(), "a part begins within a part");
        self.current = Some((head, Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        assert!(!bytes.is_empty(), "no data is data");
        let Some((_, value)) = &mut self.current else { panic!("data without a part") };
        value.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Infallible> {
        let Some(part) = self.current.take() else { panic!("an end without a part") };
        self.whole.push(part);
        Ok(())
    }
}

fn read_form<'a>(
    boundary: &[u8],
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Parts, Result<(), MultipartError>) {
    let (mut parser, mut parts) = (Parser::new(boundary), Parts::default());
    for piece in pieces {
        match parser.feed(piece, &mut parts) {
            Ok(()) => {}
            Err(FeedError::Form(error)) => return (parts, Err(error)),
            Err(FeedError::Sink(never)) => match never {},
        }
    }
    let finished = parser.finish();
    (parts, finished)
}

/// A form means the same in one piece, in bytes, and in the pieces that the input itself names: its
/// first byte is the boundary's length, the second that of the pieces.
pub fn multipart(input: &[u8]) {
    let [length, size, rest @ ..] = input else { return };
    let (boundary, body) = rest.split_at(usize::from(*length).min(rest.len()).min(100));
    if boundary.is_empty() || boundary.contains(&b'\r') {
        return;
    }
    let whole = read_form(boundary, std::iter::once(body));
    assert_eq!(whole, read_form(boundary, body.chunks(1)), "in bytes");
    assert_eq!(whole, read_form(boundary, body.chunks(usize::from(*size).max(1))), "in pieces");
}

/// A JSON part gives annotations within their limits, or an error.
pub fn json_part(input: &[u8]) {
    let Ok((annotations, notes)) = read_json_part(input) else { return };
    assert!(annotations.len() <= 1_000 && notes.len() <= 101);
    for (name, text) in &annotations {
        assert!(!name.is_empty() && name.len() <= 255 && text.len() <= 1024 * 1024);
    }
    // What was read can be written and read again, without a note.
    let Ok(json) = json_of(&annotations) else { return };
    let (again, _) = read_json_part(json.as_bytes()).expect("our own JSON is read");
    assert_eq!(again, annotations);
}

fn json_of(
    annotations: &std::collections::BTreeMap<String, String>,
) -> Result<String, std::fmt::Error> {
    use std::fmt::Write;
    let mut json = String::from("{");
    for (index, (name, text)) in annotations.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(json, "{comma}{}:{}", quoted(name), quoted(text))?;
    }
    json.push('}');
    Ok(json)
}

fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for unit in text.encode_utf16() {
        json.push_str(&format!("\\u{unit:04x}"));
    }
    json.push('"');
    json
}

fn decode<'a>(
    coding: Coding,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<Vec<u8>>, DecodeError> {
    let (mut decoder, mut all) = (Decoder::new(coding)?, Vec::new());
    let mut step = Vec::new();
    for piece in pieces {
        let mut rest = piece;
        loop {
            step.clear();
            let used = decoder.step(rest, &mut step)?;
            assert!(step.len() <= STEP_BYTES_MAX, "a step of {} bytes", step.len());
            rest = &rest[used..];
            if used == 0 && step.is_empty() {
                assert!(rest.is_empty(), "bytes that it neither takes nor refuses");
                break;
            }
            all.extend_from_slice(&step);
            if all.len() > OUTPUT_BYTES_MAX {
                return Ok(None);
            }
        }
    }
    step.clear();
    decoder.finish(&mut step)?;
    assert!(step.len() <= STEP_BYTES_MAX, "an end of {} bytes", step.len());
    all.extend_from_slice(&step);
    Ok(Some(all))
}

/// A stream means the same in one piece and in bytes, and comes out in bounded steps.
pub fn decoder(coding: Coding, input: &[u8]) {
    let whole = decode(coding, std::iter::once(input)).ok();
    let bytes = decode(coding, input.chunks(1)).ok();
    // A fault may come just before or just behind the last byte that is looked at.
    if whole != Some(None) && bytes != Some(None) {
        assert_eq!(whole, bytes);
    }
}

/// A crash as JSON, or a function's name if it is none: the signature keeps its length and its
/// characters, is the same each time, and names no frame that is not there.
pub fn signature(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let crash = CrashData::from_json(text).unwrap_or_else(|_| one_frame(text));
    for style in [Style::Today, Style::Socorro2012] {
        for lists in [Lists::built_in(), &Lists::default()] {
            let generator = Generator::new(lists).with_style(style);
            let made = generator.generate(&crash);
            assert!(made.signature.len() <= 255, "too long");
            assert!(made.signature.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not printable");
            assert!(made.normalized_frames.len() <= 40, "too many frames");
            let joined = made.normalized_frames.iter().collect::<Vec<_>>().join(" | ");
            assert_eq!(made.proto_signature().unwrap_or_default(), joined);
            assert_eq!(generator.explain(&crash).0.signature, made.signature);
        }
    }
}

fn one_frame(function: &str) -> CrashData {
    let frame = Frame {
        function: Some(function.into()),
        // Its first byte decides which language's rules it meets.
        file: function.starts_with('r').then(|| "/x.rs".into()),
        ..Frame::default()
    };
    let thread = Thread { frames: Some([frame].into()), ..Thread::default() };
    CrashData { threads: Some([thread].into()), ..CrashData::default() }
}
