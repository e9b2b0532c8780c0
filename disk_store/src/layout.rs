//! Every path of the disk store.

use std::path::{Path, PathBuf};

use auxilio_common::audit::Index;
use auxilio_common::storage::{IndexEntry, WindowKey};
use auxilio_common::{CrashId, Day, Generation, RawCrash, Timestamp};
use auxilio_spool::format::hex;
use sha2::{Digest, Sha256};

/// Digits of a time in a name: enough for the year 33658.
const TIME_DIGITS: usize = 18;

/// Digits of the product's hash in a name.
const PRODUCT_DIGITS: usize = 16;

const MICROS_OF_MINUTE: i64 = 60_000_000;

/// A file by the folder that it stands in and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn instances(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    pub(crate) fn unprocessed(&self) -> PathBuf {
        self.dir.join("unprocessed")
    }

    pub(crate) fn submitted(&self) -> PathBuf {
        self.dir.join("submitted")
    }

    /// The folders that are there as long as the store is; crashes first.
    pub(crate) fn bases(&self) -> [PathBuf; 5] {
        [self.crashes(), self.unprocessed(), self.submitted(), self.hangs(), self.instances()]
    }

    /// Where the rows of an index stand.
    pub(crate) fn index(&self, index: Index) -> PathBuf {
        match index {
            Index::Submitted => self.submitted(),
            Index::Unprocessed => self.unprocessed(),
            Index::Hang => self.hangs(),
        }
    }

    fn crashes(&self) -> PathBuf {
        self.dir.join("crashes")
    }

    fn hangs(&self) -> PathBuf {
        self.dir.join("hangs")
    }

    /// All shards of a day.
    pub(crate) fn crashes_of(&self, day: Day) -> PathBuf {
        self.crashes().join(day.compact())
    }

    /// The folder of a crash.
    pub(crate) fn shard(&self, crash_id: CrashId) -> PathBuf {
        self.crashes_of(crash_id.day()).join(shard_name(crash_id))
    }

    pub(crate) fn raw(&self, crash_id: CrashId) -> Place {
        Place { folder: self.shard(crash_id), name: format!("{crash_id}{RAW_SUFFIX}") }
    }

    pub(crate) fn processed(&self, crash_id: CrashId, generation: Generation) -> Place {
        Place { folder: self.shard(crash_id), name: format!("{crash_id}.{}", generation.0) }
    }

    pub(crate) fn index_row(&self, entry: &IndexEntry) -> Place {
        let name = format!("{}.{}", time_name(entry.received_at), entry.crash_id);
        Place { folder: minute_folder(&self.unprocessed(), entry.received_at), name }
    }

    pub(crate) fn window_row(&self, crash: &RawCrash) -> Place {
        let at = crash.metadata.submitted_timestamp;
        let product = product_name(crash.annotation("ProductName").unwrap_or_default());
        let name = format!("{}.{}.{product}", time_name(at), crash.crash_id);
        Place { folder: minute_folder(&self.submitted(), at), name }
    }

    /// The folder of all crashes with a hang id.
    pub(crate) fn hang(&self, hang_id: &str) -> PathBuf {
        let digest = hex(&Sha256::digest(hang_id));
        self.hangs().join(&digest[..2]).join(digest)
    }

    pub(crate) fn hang_row(&self, crash: &RawCrash) -> Option<Place> {
        let hang_id = crash.annotation("HangID")?;
        Some(Place { folder: self.hang(hang_id), name: crash.crash_id.to_string() })
    }
}

const RAW_SUFFIX: &str = ".crash";

/// The first three digits of the id.
pub(crate) fn shard_name(crash_id: CrashId) -> String {
    crash_id.to_string()[..3].to_owned()
}

/// The crash of a raw file's name.
pub(crate) fn crash_of_raw(name: &str) -> Option<CrashId> {
    parse_id(name.strip_suffix(RAW_SUFFIX)?)
}

/// The generation of a processed file's name, if it is one of this crash.
pub(crate) fn generation_of(name: &str, crash_id: &str) -> Option<Generation> {
    let digits = name.strip_prefix(crash_id)?.strip_prefix('.')?;
    digits.parse().ok().map(Generation)
}

/// An id exactly as we write it, so that no two names are one crash.
pub(crate) fn parse_id(text: &str) -> Option<CrashId> {
    CrashId::parse(text).ok().filter(|id| id.to_string() == text)
}

/// A row of the unprocessed index by its name.
pub(crate) fn parse_index_row(name: &str) -> Option<IndexEntry> {
    let (received_at, crash_id) = parse_time(name)?;
    Some(IndexEntry { received_at, crash_id: parse_id(crash_id)? })
}

/// A row of the window by its name, with the product's name.
pub(crate) fn parse_window_row(name: &str) -> Option<(WindowKey, &str)> {
    let (submitted_at, rest) = parse_time(name)?;
    let (crash_id, product) = rest.split_once('.')?;
    Some((WindowKey { submitted_at, crash_id: parse_id(crash_id)? }, product))
}

fn parse_time(name: &str) -> Option<(Timestamp, &str)> {
    let (time, rest) = name.split_once('.')?;
    Some((Timestamp::from_micros(time.parse().ok()?), rest))
}

/// The time in a name: names sort as times do. Before 1970 no clock of ours stands.
fn time_name(at: Timestamp) -> String {
    format!("{:0TIME_DIGITS$}", at.micros())
}

/// A product in a name.
pub(crate) fn product_name(product: &str) -> String {
    let mut digest = hex(&Sha256::digest(product));
    digest.truncate(PRODUCT_DIGITS);
    digest
}

/// The day's part of a minute's path.
pub(crate) fn day_name(at: Timestamp) -> String {
    match at.day() {
        Some(day) => day.compact(),
        None if at.micros() < 946_684_800_000_000 => "00000000".to_owned(),
        None => "99999999".to_owned(),
    }
}

/// The minute's part of a minute's path.
pub(crate) fn minute_name(at: Timestamp) -> String {
    let minute = at.micros_of_day() / MICROS_OF_MINUTE;
    format!("{:02}{:02}", minute / 60, minute % 60)
}

fn minute_folder(parent: &Path, at: Timestamp) -> PathBuf {
    parent.join(day_name(at)).join(minute_name(at))
}
