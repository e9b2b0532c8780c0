//! Bodies and dumps in every coding, whole, broken and as bombs.

use std::io::Write;

use flate2::Compression;

/// A coding by its name in `Content-Encoding`, or its program's.
pub(crate) const BODY: [&str; 5] = ["gzip", "deflate", "raw deflate", "zstd", "br"];

/// Codings of dumps within their part.
pub(crate) const PART: [&str; 4] = ["gzip", "zstd", "xz", "bzip2"];

/// Compresses bytes.
pub(crate) fn pack(coding: &str, plain: &[u8]) -> Vec<u8> {
    fn write<W: Write>(mut writer: W, plain: &[u8]) -> W {
        writer.write_all(plain).unwrap();
        writer
    }
    let best = Compression::best();
    match coding {
        "gzip" => write(flate2::write::GzEncoder::new(Vec::new(), best), plain).finish().unwrap(),
        "deflate" => {
            write(flate2::write::ZlibEncoder::new(Vec::new(), best), plain).finish().unwrap()
        }
        "raw deflate" => {
            write(flate2::write::DeflateEncoder::new(Vec::new(), best), plain).finish().unwrap()
        }
        "zstd" => {
            let mut writer = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
            writer.include_checksum(true).unwrap();
            write(writer, plain).finish().unwrap()
        }
        "br" => write(brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20), plain).into_inner(),
        "xz" => write(liblzma::write::XzEncoder::new(Vec::new(), 1), plain).finish().unwrap(),
        "bzip2" => {
            let best = bzip2::Compression::best();
            write(bzip2::write::BzEncoder::new(Vec::new(), best), plain).finish().unwrap()
        }
        other => panic!("no coding {other}"),
    }
}

/// The header line of a body's coding.
pub(crate) fn header(coding: &str) -> String {
    format!("Content-Encoding: {}\r\n", coding.trim_start_matches("raw "))
}
