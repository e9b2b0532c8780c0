//! Files of lines to read in, and what is wrong with them. Nothing of what stands in a line is repeated.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::BadFile;
use crate::jobs::{JobError, Tools};

/// Largest file that is read in: a year's users of all versions stay below it.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bad lines that are named one by one.
const LINES_NAMED_MAX: usize = 10;

/// A whole file.
pub(super) struct CsvFile {
    pub(super) name: String,
    pub(super) sha256: String,
    bytes: Vec<u8>,
}

impl CsvFile {
    /// The lines with their numbers, the one of column names left out.
    pub(super) fn lines<T: DeserializeOwned>(
        &self,
    ) -> impl Iterator<Item = (u64, Result<T, String>)> {
        lines(&self.bytes)
    }
}

/// The files of a folder whose names end in `.csv`, in the order of their names; no folder has none.
pub(super) async fn csv_files(dir: Option<&Path>) -> Result<Vec<PathBuf>, JobError> {
    let Some(dir) = dir else { return Ok(Vec::new()) };
    let failed = |source| JobError::File { verb: "list", path: dir.to_owned(), source };
    let mut entries = tokio::fs::read_dir(dir).await.map_err(failed)?;
    let mut paths = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "csv") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file that is whole and was not read in as it is. One that can't be read is named and does not keep
/// the others.
pub(super) async fn new_file(
    tools: &Tools,
    job: &str,
    path: &Path,
    trouble: &mut Trouble,
) -> Result<Option<CsvFile>, JobError> {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let bytes = match bytes(path).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(what)) => {
            trouble.of_file(&name, &what);
            return Ok(None);
        }
        // Taken away since the folder was listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            trouble.of_file(&name, &format!("it can't be read: {error}"));
            return Ok(None);
        }
    };
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(&bytes) {
        // Writing to a text never fails.
        let _ = write!(sha256, "{byte:02x}");
    }
    let is_known = tools.database.knows_file(job, &name, &sha256).await?;
    Ok((!is_known).then_some(CsvFile { name, sha256, bytes }))
}

async fn bytes(path: &Path) -> io::Result<Result<Vec<u8>, String>> {
    let metadata = tokio::fs::metadata(path).await?;
    if !metadata.is_file() {
        return Ok(Err("it is no file".to_owned()));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Ok(Err(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let bytes = tokio::fs::read(path).await?;
    Ok(match bytes.last() {
        Some(b'\n') => Ok(bytes),
        Some(_) => {
            Err("its last line has no line feed: it is being written, or was cut".to_owned())
        }
        None => Err("it is empty".to_owned()),
    })
}

fn lines<T: DeserializeOwned>(bytes: &[u8]) -> impl Iterator<Item = (u64, Result<T, String>)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().cloned();
    let mut record = csv::StringRecord::new();
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let headers = match &headers {
            Ok(headers) => headers,
            Err(error) => {
                is_over = true;
                return Some((1, Err(said(error))));
            }
        };
        let line = line_at(bytes, reader.position());
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                Some((line, record.deserialize(Some(headers)).map_err(|error| said(&error))))
            }
            Err(error) => Some((line, Err(said(&error)))),
        }
    })
}

/// The line of what is read next. Where the reader stands, what ends the line before and empty lines
/// may still follow.
fn line_at(bytes: &[u8], position: &csv::Position) -> u64 {
    let place = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let ahead = bytes.get(place..).unwrap_or_default();
    let ends = ahead.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

/// What is wrong with a line, without what stands in it.
fn said(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.kind() {
            csv::DeserializeErrorKind::Message(what)
                if what.starts_with("missing field") || what.starts_with("unknown field") =>
            {
                what.clone()
            }
            _ => match err.field() {
                Some(field) => format!("its column {} can't be read", field + 1),
                None => "it can't be read".into(),
            },
        },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} columns and not {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".into(),
        _ => "it can't be read".into(),
    }
}

/// What was wrong so far.
#[derive(Default)]
pub(super) struct Trouble {
    text: String,
    bad: usize,
}

impl Trouble {
    /// A line is bad.
    pub(super) fn of_line(&mut self, file: &str, line: u64, what: &str) {
        self.name(format_args!("{file}, line {line}: {what}"));
    }

    /// A whole file is.
    pub(super) fn of_file(&mut self, file: &str, what: &str) {
        self.name(format_args!("{file}: {what}"));
    }

    /// How much is bad.
    pub(super) fn count(&self) -> usize {
        self.bad
    }

    fn name(&mut self, what: std::fmt::Arguments<'_>) {
        self.bad += 1;
        if self.bad <= LINES_NAMED_MAX {
            let separator = if self.text.is_empty() { "" } else { "; " };
            // Writing to a text never fails.
            let _ = write!(self.text, "{separator}{what}");
        }
    }

    /// What was counted, unless something was wrong.
    pub(super) fn or(self, count: i64) -> Result<i64, JobError> {
        match self.bad {
            0 => Ok(count),
            bad if bad > LINES_NAMED_MAX => {
                let more = bad - LINES_NAMED_MAX;
                Err(BadFile(format!("{}; and {more} more", self.text)).into())
            }
            _ => Err(BadFile(self.text).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Line {
        count: u64,
        name: String,
        #[serde(default)]
        more: Option<String>,
    }

    #[test]
    fn each_bad_line_is_named_by_its_number_and_the_others_are_read() {
        let text = b"count,name\r\n5,a\r\nmany,a\n7\n\"8\",\"b\nc\"\n9,\xff\n\n6 , d \n";
        let read: Vec<_> =
            lines::<Line>(text).map(|(line, read)| (line, read.map(|it| it.name))).collect();
        assert_eq!(
            read,
            [
                (2, Ok("a".into())),
                (3, Err("its column 1 can't be read".into())),
                (4, Err("it has 1 columns and not 2".into())),
                (5, Ok("b\nc".into())),
                (7, Err("it is not UTF-8".into())),
                (9, Ok("d".into())),
            ]
        );
    }

    #[test]
    fn a_column_that_is_unknown_or_missing_is_named() {
        let of = |text: &str| lines::<Line>(text.as_bytes()).next().unwrap().1.err().unwrap();
        assert!(of("count\n1\n").contains("`name`"));
        assert!(of("count,name,x\n1,F,1\n").contains("`x`"));
    }

    #[test]
    fn no_more_than_ten_are_named() {
        let mut trouble = Trouble::default();
        (1..=12).for_each(|line| trouble.of_line("f", line, "bad"));
        let said = trouble.or(0).unwrap_err().to_string();
        assert!(
            said.contains("f, line 10: bad; and 2 more") && !said.contains("line 11"),
            "{said}"
        );
    }
}
