//! The file format against generated crashes: all that was written reads back, nothing else does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use auxilio_common::{Annotations, DumpName, RawCrash, RawEnvelope};
use auxilio_spool::{Envelope, Error, Lane, format};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use support::{SetClock, add_dump, raw_crash, spool_at};

const NOW: &str = "2012-12-24T18:05:00Z";

fn annotations() -> impl Strategy<Value = Annotations> {
    prop::collection::btree_map("[A-Za-z_-]{1,12}", ".{0,40}", 0..6)
}

fn dumps() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4)
}

fn write(dir: &Path, annotations: Annotations, dumps: &[Vec<u8>]) -> (PathBuf, RawCrash) {
    let spool = spool_at(dir, &SetClock::at(NOW));
    let mut draft = spool.begin().unwrap();
    for (number, bytes) in dumps.iter().enumerate() {
        add_dump(&mut draft, &format!("dump_{number}"), bytes);
    }
    let crash = RawCrash { annotations, dumps: draft.dumps().to_vec(), ..raw_crash(7) };
    (draft.commit(Lane::Standard, crash.clone()).unwrap().path, crash)
}

/// What is wrong with a file, by the name of its error.
fn read(path: &Path) -> Result<RawCrash, format::Error> {
    let damage = |error| match error {
        Error::Damaged { source, .. } => source,
        other => panic!("{other} is no error of the format"),
    };
    let envelope = Envelope::open(path).map_err(damage)?;
    let (checked, verified) = (envelope.check(), envelope.verify());
    assert_eq!(
        checked.is_ok(),
        verified.is_ok(),
        "on its way a crash is judged as an operator does"
    );
    verified.map_err(damage)?;
    Ok(envelope.into_raw_crash())
}

fn assert_damaged(path: &Path, what: &str) {
    match read(path) {
        Ok(_) => panic!("{what} was not noticed"),
        Err(error) => assert!(error.is_damage(), "{what}: {error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_crash_reads_back_equal(
        annotations in annotations(),
        dumps in dumps(),
        percent in 0.000_001_f64..100.0,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut crash = raw_crash(7);
        crash.metadata.sample_percent = percent;
        crash.annotations = annotations;
        let spool = spool_at(dir.path(), &SetClock::at(NOW));
        let mut draft = spool.begin().unwrap();
        for (number, bytes) in dumps.iter().enumerate() {
            add_dump(&mut draft, &format!("dump_{number}"), bytes);
        }
        crash.dumps = draft.dumps().to_vec();
        let path = draft.commit(Lane::Standard, crash.clone()).unwrap().path;
        let envelope = Envelope::open(&path).unwrap();
        envelope.verify().unwrap();
        prop_assert_eq!(envelope.raw_crash(), &crash);
        for (number, bytes) in dumps.iter().enumerate() {
            let name = DumpName::from_part(&format!("dump_{number}")).unwrap();
            let mut read = Vec::new();
            envelope.open_dump(&name).unwrap().unwrap().read_to_end(&mut read).unwrap();
            prop_assert_eq!(&read, bytes);
        }
        prop_assert!(envelope.open_dump(&DumpName::main()).unwrap().is_none());
    }

    #[test]
    fn every_truncation_is_rejected_with_a_named_error(
        annotations in annotations(),
        dumps in dumps(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = write(dir.path(), annotations, &dumps);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for length in (0..fs::metadata(&path).unwrap().len()).rev() {
            file.set_len(length).unwrap();
            assert_damaged(&path, &format!("a cut to {length} bytes"));
        }
    }

    #[test]
    fn every_flipped_byte_is_rejected_with_a_named_error(
        annotations in annotations(),
        dumps in dumps(),
        flip in 1..=u8::MAX,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (path, crash) = write(dir.path(), annotations, &dumps);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for (place, byte) in (0..).zip(fs::read(&path).unwrap()) {
            file.write_all_at(&[byte ^ flip], place).unwrap();
            assert_damaged(&path, &format!("byte {place} with {flip:#04x} flipped"));
            file.write_all_at(&[byte], place).unwrap();
        }
        prop_assert_eq!(read(&path).unwrap(), crash);
    }

    #[test]
    fn bytes_behind_the_end_are_rejected_even_if_they_end_as_a_crash_does(
        dumps in dumps(),
        garbage in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = write(dir.path(), Annotations::new(), &dumps);
        let whole = fs::read(&path).unwrap();
        for tail in [&garbage[..], &whole, &whole[whole.len() - format::TRAILER_BYTES..]] {
            fs::write(&path, [&whole[..], tail].concat()).unwrap();
            assert_damaged(&path, "garbage behind the end");
        }
    }
}

#[test]
fn a_dump_that_holds_a_whole_crash_of_its_own_cannot_pass_for_the_file_when_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = write(dir.path(), Annotations::new(), &[b"inner".to_vec()]);
    // A client sends, as a dump, all of an earlier file behind its header: cut there, only the
    // nonce tells the two apart.
    let inner = fs::read(&path).unwrap();
    let body = inner[format::HEADER_BYTES..].to_vec();
    let outer_dir = tempfile::tempdir().unwrap();
    let spool = spool_at(outer_dir.path(), &SetClock::at(NOW));
    drop(spool.begin().unwrap());
    let mut draft = spool.begin().unwrap();
    add_dump(&mut draft, "dump_0", &body);
    let outer = draft.commit(Lane::Standard, raw_crash(8)).unwrap().path;
    OpenOptions::new().write(true).open(&outer).unwrap().set_len(inner.len() as u64).unwrap();
    assert!(matches!(read(&outer), Err(format::Error::IndexChecksum)));
}

#[test]
fn an_unknown_version_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = write(dir.path(), Annotations::new(), &[]);
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&[2], 8).unwrap();
    let error = read(&path).unwrap_err();
    assert_eq!(error.to_string(), "the file has version 2 of the format; version 1 is known");
}

/// Takes the CRC-32 out of a file's index, as files were written before they had one.
fn make_older(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let trailer = bytes.len() - format::TRAILER_BYTES;
    let offset = bytes[trailer..trailer + 8].try_into().unwrap();
    let begin = usize::try_from(u64::from_le_bytes(offset)).unwrap();
    let mut crash: RawCrash = serde_json::from_slice(&bytes[begin..trailer]).unwrap();
    for dump in &mut crash.dumps {
        assert!(dump.crc32.take().is_some());
    }
    let index = serde_json::to_vec(&crash).unwrap();
    let places = [offset, (index.len() as u64).to_le_bytes()].concat();
    let checksum = Sha256::digest([&bytes[..format::HEADER_BYTES], &index, &places].concat());
    let end = &bytes[bytes.len() - 8..];
    fs::write(path, [&bytes[..begin], &index, &places, &checksum, end].concat()).unwrap();
}

#[test]
fn a_file_without_a_crc32_is_compared_by_its_sha256() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = write(dir.path(), Annotations::new(), &[b"bytes".to_vec()]);
    make_older(&path);
    assert_eq!(read(&path).unwrap().dumps[0].crc32, None);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"c", format::HEADER_BYTES as u64).unwrap();
    assert!(matches!(read(&path), Err(format::Error::DumpChecksum(_))));
}
