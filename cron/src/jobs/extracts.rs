//! The daily extracts: `YYYYMMDD-crashdata.csv.gz` with, `YYYYMMDD-pub-crashdata.csv.gz` without what the
//! table of fields protects. A file appears whole under its name, or not at all: it is written under another one,
//! flushed and renamed. The same reports give the same bytes.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use auxilio_common::Day;
use auxilio_database::ExtractRow;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use futures::StreamExt;
use rustix::fs::{FlockOperation, flock};
use tokio::sync::mpsc;

use super::extract_line::{Audience, Lines};
use super::{JobError, Tools};

/// What a file is called until it is whole.
const UNFINISHED: &str = ".unfinished";

/// How the names of extracts end.
const ENDING: &str = "-crashdata.csv.gz";

/// Reports on their way from Postgres to the files, beside those in hand.
const ROWS_AHEAD: usize = 64;

/// Writes the extracts of a day. Returns its reports.
pub(super) async fn write(tools: &Tools, day: Day, timeout: Duration) -> Result<i64, JobError> {
    let work = tools.database.long_work(timeout).await?;
    let rows = work.extract_rows(day, &tools.config.extract_products).await?;
    let mut rows = std::pin::pin!(rows);
    let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
    let dir = tools.config.extracts_dir.clone();
    let report_url = tools.config.report_url.clone();
    let writer = tokio::task::spawn_blocking(move || write_files(&dir, day, &report_url, receiver));
    let mut failed = None;
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => {
                // Whoever does not take it any more says why itself.
                if sender.send(Message::Row(Box::new(row))).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    if failed.is_none() {
        let _ = sender.send(Message::End).await;
    }
    drop(sender);
    let written = writer.await.map_err(|_| JobError::Thread)?;
    match failed {
        Some(error) => Err(error.into()),
        None => written,
    }
}

/// What the writing thread is told. Without an end nothing is renamed: whoever read was cut.
enum Message {
    Row(Box<ExtractRow>),
    End,
}

fn write_files(
    dir: &Path,
    day: Day,
    report_url: &str,
    mut rows: mpsc::Receiver<Message>,
) -> Result<i64, JobError> {
    fs::create_dir_all(dir).map_err(failed("make", dir))?;
    let _lock = lock(dir)?;
    sweep(dir)?;
    let begin = |audience| Extract::begin(dir, day, audience, Lines::new(audience, report_url));
    let (mut private, mut public) = (begin(Audience::Private)?, begin(Audience::Public)?);
    let mut count = 0;
    loop {
        match rows.blocking_recv() {
            Some(Message::Row(row)) => {
                private.write(&row)?;
                public.write(&row)?;
                count += 1;
            }
            Some(Message::End) => break,
            None => return Err(JobError::Thread),
        }
    }
    private.finish(dir)?;
    public.finish(dir)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("flush", dir))?;
    Ok(count)
}

/// One writer at a time, also of several processes: what is unfinished while the lock is ours is nobody's.
/// Not waited for: a thread that waits for a process that hangs could never be ended.
fn lock(dir: &Path) -> Result<File, JobError> {
    let path = dir.join(".lock");
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed("open", &path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|error| failed("lock", &path)(error.into()))?;
    Ok(file)
}

/// Removes what others left when they were killed.
fn sweep(dir: &Path) -> Result<(), JobError> {
    for entry in fs::read_dir(dir).map_err(failed("list", dir))? {
        let entry = entry.map_err(failed("list", dir))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.strip_suffix(UNFINISHED).is_some_and(|name| name.ends_with(ENDING)) {
            let path = entry.path();
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(())
}

/// A file that is being written.
struct Extract {
    name: String,
    path: PathBuf,
    lines: Lines,
    writer: csv::Writer<GzEncoder<File>>,
}

impl Extract {
    fn begin(dir: &Path, day: Day, audience: Audience, lines: Lines) -> Result<Self, JobError> {
        let (kind, mode) = match audience {
            Audience::Private => ("", 0o640),
            Audience::Public => ("-pub", 0o644),
        };
        let name = format!("{}{kind}{ENDING}", day.compact());
        let path = dir.join(format!("{name}{UNFINISHED}"));
        let mut options = OpenOptions::new();
        let file = options
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("make", &path))?;
        // Said and not left to the process's mask: who may read is part of what the file is.
        fs::set_permissions(&path, Permissions::from_mode(mode))
            .map_err(failed("set the rights of", &path))?;
        // Neither name nor time in the header: the same reports give the same bytes.
        let encoder = GzBuilder::new().mtime(0).write(file, Compression::default());
        let writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(encoder);
        let mut extract = Self { name, path, lines, writer };
        extract.put(&Lines::header())?;
        Ok(extract)
    }

    fn write(&mut self, row: &ExtractRow) -> Result<(), JobError> {
        let line = self.lines.line(row);
        self.put(&line)
    }

    fn put<T: AsRef<[u8]>>(&mut self, line: &[T]) -> Result<(), JobError> {
        self.writer
            .write_record(line)
            .map_err(|error| failed("write", &self.path)(io::Error::from(error)))
    }

    fn finish(self, dir: &Path) -> Result<(), JobError> {
        let encoder = self.writer.into_inner();
        let encoder = encoder.map_err(|error| failed("write", &self.path)(error.into_error()))?;
        let file = encoder.finish().map_err(failed("write", &self.path))?;
        file.sync_all().map_err(failed("flush", &self.path))?;
        fs::rename(&self.path, dir.join(&self.name)).map_err(failed("rename", &self.path))
    }
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JobError {
    let path = path.to_owned();
    move |source| JobError::File { verb, path, source }
}
