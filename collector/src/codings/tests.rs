//! Every reader: round trips in any pieces, truncations, damage, trailing bytes, bombs.

use std::io::Write;

use proptest::prelude::*;

use super::*;

const ALL: [Coding; 6] =
    [Coding::Gzip, Coding::Deflate, Coding::Zstd, Coding::Brotli, Coding::Xz, Coding::Bzip2];

fn pack(coding: Coding, plain: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    match coding {
        Coding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
        Coding::Deflate => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
        Coding::Zstd => ::zstd::encode_all(plain, 3).unwrap(),
        Coding::Brotli => {
            let mut packed = Vec::new();
            let mut writer = ::brotli::CompressorWriter::new(&mut packed, 4096, 5, 20);
            writer.write_all(plain).unwrap();
            drop(writer);
            packed
        }
        Coding::Xz => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
        Coding::Bzip2 => {
            let mut writer =
                ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
    }
}

/// Feeds a decoder, and holds that every step is bounded and makes progress.
fn feed(decoder: &mut Decoder, input: &[u8], all: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut rest = input;
    loop {
        let mut output = Vec::new();
        let used = decoder.step(rest, &mut output)?;
        assert!(output.len() <= 2 * STEP_BYTES, "{}", output.len());
        rest = &rest[used..];
        if used == 0 && output.is_empty() {
            assert!(rest.is_empty());
            return Ok(());
        }
        all.extend_from_slice(&output);
    }
}

fn unpack(coding: Coding, pieces: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
    let (mut decoder, mut all) = (Decoder::new(coding).unwrap(), Vec::new());
    for piece in pieces {
        feed(&mut decoder, piece, &mut all)?;
    }
    decoder.finish(&mut all)?;
    Ok(all)
}

fn some_text() -> Vec<u8> {
    (0..5_000_u32).flat_map(|number| (number % 251 * (number / 97)).to_le_bytes()).collect()
}

#[test]
fn every_coding_is_read_in_pieces_of_any_size() {
    let plain = some_text();
    for coding in ALL {
        let packed = pack(coding, &plain);
        for size in [1, 2, 7, 4096, packed.len()] {
            let pieces: Vec<&[u8]> = packed.chunks(size).collect();
            assert_eq!(unpack(coding, &pieces).unwrap(), plain, "{coding:?} {size}");
        }
        assert_eq!(unpack(coding, &[&pack(coding, b"")]).unwrap(), b"", "{coding:?}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let plain = &some_text()[..600];
    for coding in ALL {
        let packed = pack(coding, plain);
        for length in 0..packed.len() {
            assert!(unpack(coding, &[&packed[..length]]).is_err(), "{coding:?} {length}");
        }
    }
}

#[test]
fn streams_in_a_row_are_one_and_other_bytes_behind_are_an_error() {
    for coding in ALL {
        let one = pack(coding, b"one");
        let rows = [one.clone(), pack(coding, b"two")].concat();
        match coding {
            Coding::Deflate | Coding::Brotli => assert!(unpack(coding, &[&rows]).is_err()),
            _ => assert_eq!(unpack(coding, &[&rows]).unwrap(), b"onetwo", "{coding:?}"),
        }
        let trailing = [one, b"rubbish behind".to_vec()].concat();
        assert!(unpack(coding, &[&trailing]).is_err(), "{coding:?}");
    }
}

#[test]
fn deflate_may_be_raw() {
    let plain = some_text();
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(&plain).unwrap();
    let packed = writer.finish().unwrap();
    let bytes: Vec<&[u8]> = packed.chunks(1).collect();
    assert_eq!(unpack(Coding::Deflate, &[&packed]).unwrap(), plain);
    assert_eq!(unpack(Coding::Deflate, &bytes).unwrap(), plain);
}

#[test]
fn a_zstd_frame_or_xz_stream_that_wants_more_memory_than_may_be_is_refused() {
    let mut writer = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    writer.window_log(auxilio_common::limits::ZSTD_WINDOW_LOG_MAX + 1).unwrap();
    writer.write_all(&some_text()).unwrap();
    assert!(unpack(Coding::Zstd, &[&writer.finish().unwrap()]).is_err());
    let mut options = liblzma::stream::LzmaOptions::new_preset(9).unwrap();
    options.dict_size(128 * 1024 * 1024);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream =
        liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::Crc32);
    let mut writer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream.unwrap());
    writer.write_all(b"small").unwrap();
    assert!(unpack(Coding::Xz, &[&writer.finish().unwrap()]).is_err());
}

#[test]
fn a_bomb_comes_out_in_bounded_steps() {
    let zeros = vec![0; 4 * 1024 * 1024];
    for coding in ALL {
        let packed = pack(coding, &zeros);
        // `feed` holds each step against its bound.
        assert_eq!(unpack(coding, &[&packed]).unwrap().len(), zeros.len(), "{coding:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_output_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for coding in ALL {
            let _ = unpack(coding, &[&bytes]);
        }
    }

    #[test]
    fn damage_is_an_error_or_goes_on_and_never_a_panic(place in 0_usize..600, flip in 1_u8..) {
        for coding in ALL {
            let mut packed = pack(coding, &some_text()[..1_000]);
            let place = place % packed.len();
            packed[place] ^= flip;
            let whole = unpack(coding, &[&packed]).ok();
            let bytes: Vec<&[u8]> = packed.chunks(1).collect();
            prop_assert_eq!(whole, unpack(coding, &bytes).ok());
        }
    }
}
