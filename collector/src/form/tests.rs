//! Whole forms: whatever comes, in whatever pieces, means the same or is refused by the same name.

use std::io::Write;
use std::sync::Arc;

use auxilio_common::DumpInfo;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_spool::Spool;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::multipart::{FeedError, Parser};

/// What is compared of a form: annotations, files, notes; or a refusal's code.
type Outcome = Result<(Annotations, Vec<DumpInfo>, Vec<String>), &'static str>;

struct Place {
    _dir: tempfile::TempDir,
    spool: Spool,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = auxilio_spool::Config {
            dir: dir.path().to_owned(),
            ..auxilio_spool::Config::default()
        };
        let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        Self { _dir: dir, spool: spool.unwrap() }
    }

    fn read(&self, pieces: &[&[u8]]) -> Outcome {
        let (mut parser, mut form) = (Parser::new(b"B"), Form::new(self.spool.begin().unwrap()));
        for piece in pieces {
            match parser.feed(piece, &mut form) {
                Ok(()) => {}
                Err(FeedError::Form(_)) => return Err("form"),
                Err(FeedError::Sink(refusal)) => return Err(refusal.code()),
            }
        }
        parser.finish().map_err(|_| "form")?;
        let received = form.finish().map_err(|refusal| refusal.code())?;
        let files = received.draft.dumps().to_vec();
        Ok((received.annotations, files, received.notes))
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

/// Heads, values and what may stand between them.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let head = |lines: &str| Just(format!("\r\n--B\r\n{lines}\r\n\r\n").into_bytes());
    let file = "Content-Disposition: form-data; name=upload_file_minidump; filename=x";
    prop_oneof![
        head("Content-Disposition: form-data; name=a"),
        head("Content-Disposition: form-data; name=\"\"; filename=\"\""),
        head("Content-Disposition: form-data; name=raw_crash; filename=x"),
        head("Content-Disposition: form-data; name=extra; filename=x"),
        head(
            "Content-Type: application/json\r\nContent-Disposition: form-data; name=j; filename=x"
        ),
        head(file),
        head(file),
        Just(gzip(b"MDMP and more")),
        Just(zstd::encode_all(b"MDMP and more".as_slice(), 1).unwrap()),
        Just(gzip(b"something else")[..20].to_vec()),
        Just(b"MDMP".to_vec()),
        Just(b"{\"p\":\"q\",\"r\":1}".to_vec()),
        Just(format!("--C\r\n{file}\r\n\r\nMDMP\r\n--C--").into_bytes()),
        Just(b"\r\n--C\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--C--".to_vec()),
        Just(b"\r\n--B--".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ]
}

#[test]
fn a_form_means_the_same_in_one_piece_in_bytes_and_in_any_pieces() {
    let place = Place::new();
    let cases = (prop::collection::vec(tokens(), 0..14), 2_usize..20);
    let checked = TestRunner::default().run(&cases, |(tokens, size)| {
        let field = b"--B\r\nContent-Disposition: form-data; name=first\r\n\r\n1";
        let body = [field.as_slice(), &tokens.concat(), b"\r\n--B--"].concat();
        let whole = place.read(&[&body]);
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        prop_assert_eq!(&place.read(&bytes), &whole);
        let pieces: Vec<&[u8]> = body.chunks(size).collect();
        prop_assert_eq!(&place.read(&pieces), &whole);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn a_packed_dump_among_those_tokens_is_unpacked() {
    // Shows that the property above is about packed and nested dumps too.
    let place = Place::new();
    let part = |value: &[u8]| {
        let head =
            b"--B\r\nContent-Disposition: form-data; name=upload_file_minidump; filename=x\r\n\r\n";
        [head.as_slice(), value, b"\r\n"].concat()
    };
    let field = b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".to_vec();
    let body = [field, part(&gzip(b"MDMP and more")), b"--B--".to_vec()].concat();
    let (annotations, files, notes) = place.read(&[&body]).unwrap();
    assert_eq!((annotations.len(), files[0].length, notes.len()), (1, 13, 1));
}
