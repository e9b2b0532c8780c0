//! Bombs of every coding, in a process of their own, whose memory is measured.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "../integration/client.rs"]
mod client;
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "../integration/server.rs"]
mod server;

use std::io::Write;
use std::net::SocketAddr;

use crate::client::post;
use crate::server::Server;

/// What each bomb becomes: ten times what the collector may hold, were they all held.
const PLAIN_BYTES: usize = 200 * 1024 * 1024;

/// Bombs at once.
const AT_ONCE: usize = 8;

/// What a process may need for them: each has its own windows and buffers, xz and brotli some MiB.
const MEMORY_BYTES_MAX: u64 = 96 * 1024 * 1024;

/// Writes a begin and then zeros.
fn fill<W: Write>(mut writer: W, begin: &[u8]) -> W {
    let zeros = vec![0; 1024 * 1024];
    writer.write_all(begin).unwrap();
    for _ in 0..PLAIN_BYTES / zeros.len() {
        writer.write_all(&zeros).unwrap();
    }
    writer
}

fn bomb(coding: &str, begin: &[u8]) -> Vec<u8> {
    let best = flate2::Compression::best();
    match coding {
        "gzip" => fill(flate2::write::GzEncoder::new(Vec::new(), best), begin).finish().unwrap(),
        "deflate" => {
            fill(flate2::write::ZlibEncoder::new(Vec::new(), best), begin).finish().unwrap()
        }
        "zstd" => {
            let writer = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
            fill(writer, begin).finish().unwrap()
        }
        "br" => fill(brotli::CompressorWriter::new(Vec::new(), 4096, 2, 24), begin).into_inner(),
        "xz" => fill(liblzma::write::XzEncoder::new(Vec::new(), 0), begin).finish().unwrap(),
        "bzip2" => {
            let best = bzip2::Compression::best();
            fill(bzip2::write::BzEncoder::new(Vec::new(), best), begin).finish().unwrap()
        }
        other => panic!("no coding {other}"),
    }
}

fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line)).expect("the line");
    found.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Posts some at once; each must be told that it is too large.
fn post_all(address: SocketAddr, lines: &str, body: &[u8]) {
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let answer = post(address, lines, body);
                assert_eq!(
                    (answer.status, answer.body.as_str()),
                    (413, "Discarded=malformed_too_large"),
                    "{lines}"
                );
            });
        }
    });
}

#[test]
fn bombs_of_every_coding_cost_bounded_memory_and_their_own_request_alone() {
    let server = Server::start();
    let begin = b"--B\r\nContent-Disposition: form-data; name=d; filename=x\r\n\r\n";
    let dump =
        b"--B\r\nContent-Disposition: form-data; name=upload_file_minidump; filename=x\r\n\r\n";
    let mut cases = Vec::new();
    for coding in ["gzip", "deflate", "zstd", "br"] {
        cases.push((format!("Content-Encoding: {coding}\r\n"), bomb(coding, begin)));
    }
    for coding in ["gzip", "zstd", "xz", "bzip2"] {
        let body = [dump.as_slice(), &bomb(coding, b"MDMP"), b"\r\n--B--\r\n"].concat();
        cases.push((String::new(), body));
    }
    // The peak so far is that of the packing.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    for (lines, body) in &cases {
        post_all(server.address, lines, body);
    }
    let more = memory("VmHWM:").saturating_sub(before);
    println!("bombs of {PLAIN_BYTES} bytes, {AT_ONCE} at once: {more} bytes more in memory");
    assert!(more < MEMORY_BYTES_MAX, "{more} bytes more in memory");
    let left = walk(server.spool_dir.path());
    assert_eq!(left, 0, "bytes are left in the spool");
    post(server.address, "", &client::form(&[("name=a", b"1")])).crash_id();
}

/// Bytes of all files below a folder, but for counts.
fn walk(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.file_name() != "counts")
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() { walk(&entry.path()) } else { metadata.len() }
        })
        .sum()
}
