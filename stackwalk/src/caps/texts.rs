//! Texts: files of `/proc`, and what the dump's writer has to say.

use auxilio_common::limits;
use minidump_common::format::MINIDUMP_STREAM_TYPE as Stream;

use crate::Truncation;
use crate::raw_dump::RawDump;

/// Texts of lines, and how many bytes of each are read.
const LINES: [(Stream, usize); 5] = [
    (Stream::LinuxMaps, limits::MAPS_BYTES_MAX),
    (Stream::LinuxCpuInfo, limits::MAPS_BYTES_MAX),
    (Stream::LinuxProcStatus, limits::FACTS_BYTES_MAX),
    (Stream::LinuxLsbRelease, limits::FACTS_BYTES_MAX),
    (Stream::MozLinuxLimits, limits::FACTS_BYTES_MAX),
];

/// Where in a Mac's crash information the places of its parts stand, and how many there are.
const MAC_PARTS_AT: usize = 12;
const MAC_PARTS: usize = 20;

/// Cuts all texts: those of lines behind a line, others as a whole.
pub(super) fn cut(raw: &mut RawDump<'_>, truncation: &mut Truncation) {
    for (kind, most) in LINES {
        let Some(stream) = raw.stream(kind as u32).filter(|stream| stream.length > most) else {
            continue;
        };
        // Half a line would make all the others unreadable.
        let kept = raw.bytes(stream.begin, most).iter().rposition(|byte| *byte == b'\n');
        let kept = kept.map_or(0, |last| last + 1);
        raw.set_length(stream, kept);
        truncation.text_bytes_dropped += (stream.length - kept) as u64;
    }
    if let Some(stream) = raw.stream(Stream::MozSoftErrors as u32)
        && stream.length > limits::SOFT_ERRORS_BYTES_MAX
    {
        raw.set_length(stream, 0);
        truncation.text_bytes_dropped += stream.length as u64;
    }
    cut_mac_crash_info(raw, truncation);
}

/// Leaves out parts that are too long: all of them may be the same megabytes, and each has five texts.
fn cut_mac_crash_info(raw: &mut RawDump<'_>, truncation: &mut Truncation) {
    let Some(stream) = raw.stream(Stream::MozMacosCrashInfoStream as u32) else { return };
    for part in 0..MAC_PARTS {
        let at = stream.begin + MAC_PARTS_AT + 8 * part;
        let length = raw.u32(at).map_or(0, |length| length as usize);
        if at < stream.begin + stream.length && length > limits::FACTS_BYTES_MAX {
            raw.set_u32(at, 0);
            truncation.text_bytes_dropped += length as u64;
        }
    }
}
