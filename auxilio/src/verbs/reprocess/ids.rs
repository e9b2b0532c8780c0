//! Ids from a file: one a line, with or without `bp-`. Blank lines and what follows a `#` are passed
//! over. Nothing is asked for while a line of the file is no id: whoever wrote it looks first.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, ensure};
use auxilio_common::CrashId;
use auxilio_common::crash_id::ParseCrashIdError;
use serde_json::json;

/// Ids of one file: some 50 MB in memory. More of them are named by a condition.
const FILE_IDS_MAX: usize = 1_000_000;

/// Bytes of a line: an id, and a remark.
const LINE_BYTES_MAX: usize = 4_096;

/// Lines without an id that are named one by one.
const NAMED_LINES_MAX: usize = 100;

/// Characters of such a line that are shown.
const SHOWN_CHARS: usize = 60;

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(super) enum Listed {
    /// Ids, each once, in their first order.
    Ids(Vec<CrashId>),
    /// At least one line that is no id.
    Malformed(Vec<MalformedLine>),
}

/// A line that is no id.
#[derive(Debug, PartialEq)]
pub(super) struct MalformedLine {
    number: usize,
    text: String,
    why: ParseCrashIdError,
}

/// Reads a file; `-` is standard input.
pub(super) fn read(path: &Path) -> anyhow::Result<Listed> {
    let read = if path == Path::new("-") {
        parse(io::stdin().lock())
    } else {
        File::open(path).map_err(anyhow::Error::from).and_then(|file| parse(BufReader::new(file)))
    };
    read.with_context(|| format!("can't read \"{}\"", path.display()))
}

/// Each id once, in their first order.
pub(super) fn unique(ids: impl IntoIterator<Item = CrashId>) -> Vec<CrashId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}

fn parse(mut input: impl BufRead) -> anyhow::Result<Listed> {
    let (mut ids, mut seen, mut malformed) = (Vec::new(), HashSet::new(), Vec::new());
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let bound = LINE_BYTES_MAX as u64 + 1;
        if io::Read::take(&mut input, bound).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        ensure!(line.len() <= LINE_BYTES_MAX, "line {number} has over {LINE_BYTES_MAX} bytes");
        let text = String::from_utf8_lossy(&line);
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        match CrashId::parse(text) {
            Ok(id) => {
                if seen.insert(id) {
                    ids.push(id);
                }
                ensure!(ids.len() <= FILE_IDS_MAX, "it has over {FILE_IDS_MAX} ids");
            }
            Err(why) => {
                let text = text.chars().take(SHOWN_CHARS).collect();
                malformed.push(MalformedLine { number, text, why });
            }
        }
        // A file of something else altogether: what is named already says so.
        if malformed.len() > NAMED_LINES_MAX {
            break;
        }
    }
    Ok(if malformed.is_empty() { Listed::Ids(ids) } else { Listed::Malformed(malformed) })
}

/// Names the lines that are no ids.
pub(super) fn tell_malformed(path: &Path, lines: &[MalformedLine], as_json: bool) {
    for MalformedLine { number, text, why } in lines.iter().take(NAMED_LINES_MAX) {
        if as_json {
            let why = why.to_string();
            println!(
                "{}",
                json!({"line": number, "text": text, "result": "malformed", "reason": why})
            );
        } else {
            eprintln!("line {number}: {text:?} is no crash id: {why}");
        }
    }
    let more = if lines.len() > NAMED_LINES_MAX { "over " } else { "" };
    let count = lines.len().min(NAMED_LINES_MAX);
    let lines = if count == 1 { "line" } else { "lines" };
    let path = path.display();
    eprintln!(
        "auxilio: nothing is queued: \"{path}\" has {more}{count} {lines} without a crash id"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0b794045-87ec-4649-9ce1-73ec00120824";
    const TWO: &str = "1b794045-87ec-4649-9ce1-73ec00120824";

    fn parsed(text: &str) -> Listed {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn ids_come_once_in_their_order_without_remarks() {
        let text = format!("# a list\n\n  bp-{TWO}  # seen twice\r\n{ONE}\n{TWO}\n#{ONE}\n{ONE}");
        let expected = [TWO, ONE].map(|id| id.parse().unwrap());
        assert_eq!(parsed(&text), Listed::Ids(expected.to_vec()));
        assert_eq!(parsed(""), Listed::Ids(Vec::new()));
        assert_eq!(unique([expected[0], expected[1], expected[0]]), expected);
    }

    #[test]
    fn every_line_without_an_id_is_named_by_its_number() {
        let Listed::Malformed(lines) = parsed(&format!("{ONE}\nx\n\n{ONE}0\n{TWO}")) else {
            panic!("it passed")
        };
        let numbers: Vec<usize> = lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [2, 4]);
        assert_eq!((lines[0].text.as_str(), lines[0].why), ("x", ParseCrashIdError::Shape));
    }

    #[test]
    fn a_file_of_something_else_is_not_read_to_its_end() {
        let Listed::Malformed(lines) = parsed(&"x\n".repeat(100_000)) else { panic!("it passed") };
        assert_eq!(lines.len(), NAMED_LINES_MAX + 1);
        let error = parse("x".repeat(100_000).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("line 1 has over 4096 bytes"), "{error}");
    }
}
