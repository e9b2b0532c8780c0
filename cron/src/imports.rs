//! Builds and active daily users that are read in from folders of `.csv` files, each with a line of
//! column names first. A file that was read in as it is is not read again.
//!
//! Of builds each good line goes in, and each bad one is named: lines do not depend on each other. Of
//! users a file goes in whole or not at all: half a day's users would make twice the crash rate. A bad
//! file fails the job, so that it is tried again and stands in its state until somebody mends the file;
//! all other files have been read in by then.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auxilio_database::{Release, Released};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::jobs::{JobError, Tools};

/// Largest file that is read in: a year's users of all versions stay below it.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bad lines that are named one by one.
const LINES_NAMED_MAX: usize = 10;

/// What is wrong with files that were to be read in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadFile(String);

/// A line of a file of builds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildLine {
    product: String,
    version: String,
    channel: String,
    build_id: String,
    platform: String,
    #[serde(default)]
    beta_number: Option<i32>,
    #[serde(default)]
    repository: Option<String>,
}

/// A line of a file of users; the names are the columns of `raw_adu`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AduLine {
    adu_count: u64,
    date: String,
    product_name: String,
    #[serde(default)]
    product_os_platform: Option<String>,
    #[serde(default)]
    product_os_version: Option<String>,
    #[serde(default)]
    product_version: Option<String>,
    #[serde(default)]
    build: Option<String>,
    #[serde(default)]
    build_channel: Option<String>,
    #[serde(default)]
    product_guid: Option<String>,
}

struct CsvFile {
    name: String,
    bytes: Vec<u8>,
    sha256: String,
}

/// Reads builds in. Returns those that are new.
pub(crate) async fn read_builds(tools: &Tools) -> Result<i64, JobError> {
    const JOB: &str = "builds";
    let mut added = 0;
    let mut trouble = Trouble::default();
    for path in csv_files(tools.config.builds_dir.as_deref()).await? {
        let Some(file) = new_file(tools, JOB, &path, &mut trouble).await? else { continue };
        let bad_before = trouble.bad;
        for (line, read) in lines::<BuildLine>(&file.bytes) {
            match read {
                Ok(build) => match tools.database.add_release(&release(build)).await? {
                    Released::Added => added += 1,
                    Released::Known => {}
                    Released::Refused(what) => trouble.name(&file.name, line, &what),
                },
                Err(what) => trouble.name(&file.name, line, &what),
            }
        }
        if trouble.bad == bad_before {
            tools.database.note_file(JOB, &file.name, &file.sha256).await?;
        }
    }
    trouble.or(added)
}

/// Reads users in. Returns the rows.
pub(crate) async fn read_adu(tools: &Tools, timeout: Duration) -> Result<i64, JobError> {
    const JOB: &str = "raw_adu";
    let mut loaded = 0;
    let mut trouble = Trouble::default();
    for path in csv_files(tools.config.adu_dir.as_deref()).await? {
        let Some(file) = new_file(tools, JOB, &path, &mut trouble).await? else { continue };
        let bad_before = trouble.bad;
        let mut rows = Vec::new();
        for (line, read) in lines::<AduLine>(&file.bytes) {
            match read.and_then(adu_row) {
                Ok(row) => rows.push(row),
                Err(what) => trouble.name(&file.name, line, &what),
            }
        }
        if trouble.bad == bad_before {
            let work = tools.database.long_work(timeout).await?;
            loaded += work.replace_raw_adu(&Value::Array(rows)).await?;
            tools.database.note_file(JOB, &file.name, &file.sha256).await?;
        }
    }
    trouble.or(loaded)
}

fn release(line: BuildLine) -> Release {
    Release {
        product: line.product,
        version: line.version,
        channel: line.channel,
        build_id: line.build_id,
        platform: line.platform,
        beta_number: line.beta_number,
        repository: line.repository.unwrap_or_else(|| "release".into()),
    }
}

fn adu_row(line: AduLine) -> Result<Value, String> {
    let day: auxilio_common::Day = line.date.parse().map_err(|_| "its date is none")?;
    i64::try_from(line.adu_count).map_err(|_| "its count is too large")?;
    if line.product_name.is_empty() {
        return Err("it names no product".into());
    }
    Ok(json!({
        "adu_count": line.adu_count,
        "date": day.to_string(),
        "product_name": line.product_name,
        "product_os_platform": line.product_os_platform,
        "product_os_version": line.product_os_version,
        "product_version": line.product_version,
        "build": line.build,
        "build_channel": line.build_channel,
        "product_guid": line.product_guid,
    }))
}

/// The lines of a file with their numbers, the one of column names left out.
fn lines<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
) -> impl Iterator<Item = (u64, Result<T, String>)> + '_ {
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
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                Some((line, record.deserialize(Some(headers)).map_err(|error| said(&error))))
            }
            Err(error) => {
                let line = error.position().map_or(line, csv::Position::line);
                Some((line, Err(said(&error))))
            }
        }
    })
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

/// The files of a folder in the order of their names; no folder has none.
async fn csv_files(dir: Option<&Path>) -> Result<Vec<PathBuf>, JobError> {
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

/// A file's bytes, unless it was read in as it is.
async fn new_file(
    tools: &Tools,
    job: &str,
    path: &Path,
    trouble: &mut Trouble,
) -> Result<Option<CsvFile>, JobError> {
    let failed = |source| JobError::File { verb: "read", path: path.to_owned(), source };
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
    if metadata.len() > FILE_BYTES_MAX {
        trouble.name(&name, 1, &format!("the file has more than {FILE_BYTES_MAX} bytes"));
        return Ok(None);
    }
    let bytes = tokio::fs::read(path).await.map_err(failed)?;
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(&bytes) {
        // Writing to a text never fails.
        let _ = write!(sha256, "{byte:02x}");
    }
    let is_known = tools.database.knows_file(job, &name, &sha256).await?;
    Ok((!is_known).then_some(CsvFile { name, bytes, sha256 }))
}

/// What was wrong with lines so far.
#[derive(Default)]
struct Trouble {
    text: String,
    bad: usize,
}

impl Trouble {
    fn name(&mut self, file: &str, line: u64, what: &str) {
        self.bad += 1;
        if self.bad <= LINES_NAMED_MAX {
            let separator = if self.text.is_empty() { "" } else { "; " };
            // Writing to a text never fails.
            let _ = write!(self.text, "{separator}{file}, line {line}: {what}");
        }
    }

    fn or(self, count: i64) -> Result<i64, JobError> {
        match self.bad {
            0 => Ok(count),
            bad if bad > LINES_NAMED_MAX => {
                let more = bad - LINES_NAMED_MAX;
                Err(BadFile(format!("{}; and {more} further lines", self.text)).into())
            }
            _ => Err(BadFile(self.text).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_line_is_named_by_its_number_and_the_others_are_read() {
        let text = "adu_count,date,product_name\n5,2012-06-15,Firefox\nmany,2012-06-15,Firefox\n\
                    6,2012-06-31,Firefox\n7,2012-06-15\n8,2012-06-15,Fennec\n";
        let read: Vec<_> = lines::<AduLine>(text.as_bytes())
            .map(|(line, read)| (line, read.and_then(adu_row).map(|row| row["adu_count"].clone())))
            .collect();
        assert_eq!(
            read,
            [
                (2, Ok(json!(5))),
                (3, Err("its column 1 can't be read".into())),
                (4, Err("its date is none".into())),
                (5, Err("it has 2 columns and not 3".into())),
                (6, Ok(json!(8))),
            ]
        );
    }

    #[test]
    fn a_column_that_is_unknown_or_missing_is_named() {
        let of = |text: &str| lines::<AduLine>(text.as_bytes()).next().unwrap().1.err().unwrap();
        assert!(of("adu_count,date\n1,2012-06-15\n").contains("product_name"));
        assert!(of("adu_count,date,product_name,x\n1,2012-06-15,F,1\n").contains("`x`"));
    }
}
