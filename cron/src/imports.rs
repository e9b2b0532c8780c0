//! Builds and active daily users that are read in from folders of `.csv` files, each with a line of
//! column names first. A file that was read in as it is is not read again.
//!
//! Of builds each good line goes in, and each bad one is named: lines do not depend on each other. Of
//! users a file goes in whole or not at all: half a day's users would make twice the crash rate. A bad
//! file fails the job, so that it is tried again and stands in its state until somebody mends the file;
//! all other files have been read in by then.

mod files;

use std::collections::HashMap;
use std::time::Duration;

use auxilio_common::Day;
use auxilio_database::{Release, Released};
use auxilio_service::error_chain;
use serde::Deserialize;
use serde_json::{Value, json};

use self::files::{CsvFile, Trouble, csv_files, new_file};
use crate::jobs::{JobError, Tools};

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

/// Reads builds in. Returns those that are new.
pub(crate) async fn read_builds(tools: &Tools) -> Result<i64, JobError> {
    const JOB: &str = "builds";
    let (mut added, mut trouble) = (0, Trouble::default());
    for path in csv_files(tools.config.builds_dir.as_deref()).await? {
        let Some(file) = new_file(tools, JOB, &path, &mut trouble).await? else { continue };
        let bad_before = trouble.count();
        for (line, read) in file.lines::<BuildLine>() {
            match read {
                Ok(build) => match tools.database.add_release(&release(build)).await? {
                    Released::Added => added += 1,
                    Released::Known => {}
                    Released::Refused(what) => trouble.of_line(&file.name, line, &what),
                },
                Err(what) => trouble.of_line(&file.name, line, &what),
            }
        }
        if trouble.count() == bad_before {
            tools.database.note_file(JOB, &file.name, &file.sha256).await?;
        }
    }
    trouble.or(added)
}

/// Reads users in. Returns the rows.
pub(crate) async fn read_adu(tools: &Tools, timeout: Duration) -> Result<i64, JobError> {
    const JOB: &str = "raw_adu";
    let (mut loaded, mut trouble) = (0, Trouble::default());
    for path in csv_files(tools.config.adu_dir.as_deref()).await? {
        let Some(file) = new_file(tools, JOB, &path, &mut trouble).await? else { continue };
        let Some(rows) = adu_rows(&file, &mut trouble) else { continue };
        let work = tools.database.long_work(timeout).await?;
        match work.replace_raw_adu(&Value::Array(rows)).await {
            Ok(count) => loaded += count,
            // The server finds fault with a value: no other file need wait for it.
            Err(error) if error.class() == auxilio_database::Class::Permanent => {
                trouble.of_file(&file.name, &error_chain(&error));
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        tools.database.note_file(JOB, &file.name, &file.sha256).await?;
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
        repository: line.repository.unwrap_or_else(|| Release::REPOSITORY.into()),
    }
}

/// All rows of a file; `None` if one of its lines is bad, or says again what another said: the users of
/// a version would be counted twice.
fn adu_rows(file: &CsvFile, trouble: &mut Trouble) -> Option<Vec<Value>> {
    let bad_before = trouble.count();
    let (mut rows, mut said) = (Vec::new(), HashMap::new());
    for (line, read) in file.lines::<AduLine>() {
        match read.and_then(|line| adu_row(&line)) {
            Ok((about, row)) => match said.insert(about, line) {
                None => rows.push(row),
                Some(earlier) => {
                    let what = format!("it is about the same users as line {earlier}");
                    trouble.of_line(&file.name, line, &what);
                }
            },
            Err(what) => trouble.of_line(&file.name, line, &what),
        }
    }
    (trouble.count() == bad_before).then_some(rows)
}

/// Whom a line is about, and its row.
fn adu_row(line: &AduLine) -> Result<(String, Value), String> {
    let day: Day = line.date.parse().map_err(|_| "its date is none")?;
    let count = i64::try_from(line.adu_count).map_err(|_| "its count is too large")?;
    if line.product_name.is_empty() {
        return Err("it names no product".into());
    }
    let mut row = json!({
        "date": day.to_string(),
        "product_name": line.product_name,
        "product_os_platform": line.product_os_platform,
        "product_os_version": line.product_os_version,
        "product_version": line.product_version,
        "build": line.build,
        "build_channel": line.build_channel,
        "product_guid": line.product_guid,
    });
    let about = row.to_string();
    if about.contains("\\u0000") {
        return Err("it holds U+0000".into());
    }
    row["adu_count"] = count.into();
    Ok((about, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_users_needs_a_day_a_product_and_a_count_that_fits() {
        let line = |adu_count, date: &str, product: &str| {
            adu_row(&AduLine {
                adu_count,
                date: date.into(),
                product_name: product.into(),
                product_os_platform: None,
                product_os_version: None,
                product_version: Some("13.0".into()),
                build: None,
                build_channel: None,
                product_guid: None,
            })
        };
        assert_eq!(line(5, "2012-06-15", "F").unwrap().1["adu_count"], 5);
        assert_eq!(line(5, "20120615", "F"), line(5, "2012-06-15", "F"));
        assert_eq!(line(5, "2012-06-31", "F").unwrap_err(), "its date is none");
        assert_eq!(line(u64::MAX, "2012-06-15", "F").unwrap_err(), "its count is too large");
        assert_eq!(line(5, "2012-06-15", "").unwrap_err(), "it names no product");
        assert_eq!(line(5, "2012-06-15", "F\0").unwrap_err(), "it holds U+0000");
        assert_ne!(line(5, "2012-06-15", "\\u000").unwrap().1["adu_count"], 0);
    }
}
