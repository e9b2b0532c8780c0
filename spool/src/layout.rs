//! Every path of the spool. No other file of the whole system spells one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auxilio_common::{CrashId, Timestamp};

use crate::{Error, Lane, durable};

const SUFFIX: &str = ".crash";

/// The ending of a reason's file, without its dot.
const REASON: &str = "reason";

/// The paths below one spool folder.
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

    /// Makes the folders that are missing.
    pub(crate) fn make(&self) -> Result<(), Error> {
        [self.instances(), self.quarantine()]
            .into_iter()
            .chain(Lane::ALL.map(|lane| self.lane(lane)))
            .try_for_each(|folder| {
                durable::make_folders(&folder).map_err(Error::io("make", &folder))
            })
    }

    /// Where the folders of all writers stand.
    pub(crate) fn instances(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    pub(crate) fn lane(&self, lane: Lane) -> PathBuf {
        self.dir.join(lane.as_str())
    }

    pub(crate) fn minute(&self, lane: Lane, minute: &str) -> PathBuf {
        self.lane(lane).join(minute)
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }

    /// Where writers keep their counts, each in a folder of its own.
    pub(crate) fn counts(&self) -> PathBuf {
        self.dir.join("counts")
    }

    /// The counts of all writers that are dead.
    pub(crate) fn merged_counts(&self) -> PathBuf {
        self.counts().join("merged")
    }

    /// Where a crash and its reason go that nothing will carry further. The inode tells two files
    /// of one id apart, and makes a second try of the same move end in the same place.
    pub(crate) fn quarantined(&self, crash_id: CrashId, inode: u64) -> (PathBuf, PathBuf) {
        let folder = self.quarantine();
        let name = format!("{crash_id}.{inode}");
        (folder.join(format!("{name}{SUFFIX}")), folder.join(format!("{name}.{REASON}")))
    }
}

/// The reason's file beside a crash in quarantine.
pub(crate) fn reason_of(crash_path: &Path) -> PathBuf {
    crash_path.with_extension(REASON)
}

/// The crash that a reason's file stands beside; `None` if it is no reason's.
pub(crate) fn crash_of_reason(path: &Path) -> Option<PathBuf> {
    let is_reason = path.extension() == Some(OsStr::new(REASON));
    is_reason.then(|| path.with_extension(&SUFFIX[1..]))
}

/// The name of a spooled file: the id, and a number if the name without one was taken.
pub(crate) fn file_name(crash_id: CrashId, attempt: u32) -> String {
    if attempt == 0 {
        format!("{crash_id}{SUFFIX}")
    } else {
        format!("{crash_id}~{attempt}{SUFFIX}")
    }
}

/// The crash of a file name; `None` if it is no spooled file's.
pub(crate) fn crash_of_file_name(name: &str) -> Option<CrashId> {
    name.strip_suffix(SUFFIX)?.get(..CrashId::TEXT_LEN).and_then(|text| CrashId::parse(text).ok())
}

/// `YYYYMMDDHHMM`: the folder of a moment.
pub(crate) fn minute_name(at: Timestamp) -> String {
    // A clock outside the years that the calendar knows gets the oldest folder of all.
    at.date_time().map_or_else(
        || "000000000000".to_owned(),
        |at| {
            let (year, month, day) = at.to_calendar_date();
            let (hour, minute, _) = at.to_hms();
            format!("{year:04}{:02}{day:02}{hour:02}{minute:02}", u8::from(month))
        },
    )
}

/// Whether a name is a minute folder's.
pub(crate) fn is_minute_name(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The minute of a folder: by its name, or by the one that it is about to get.
pub(crate) fn minute_of(name: &str) -> Option<&str> {
    Some(name.strip_prefix(durable::ASIDE).unwrap_or(name)).filter(|name| is_minute_name(name))
}

/// The name below which empty folders go: no writer's clock is five minutes behind.
pub(crate) fn oldest_minute_kept(now: Timestamp) -> String {
    minute_name(now.minus(Duration::from_mins(5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_crash_and_minute() {
        let id = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00120824").unwrap();
        for attempt in [0, 1, 12] {
            assert_eq!(crash_of_file_name(&file_name(id, attempt)), Some(id));
        }
        assert_eq!(crash_of_file_name("lock"), None);
        assert_eq!(crash_of_file_name(&format!("{id}.reason")), None);
        let layout = Layout::new("spool".into());
        let (crash, reason) = layout.quarantined(id, 7);
        assert_eq!(crash_of_reason(&reason).as_ref(), Some(&crash));
        assert_eq!((reason_of(&crash), crash_of_reason(&crash)), (reason, None));
        let at = "2012-12-24T18:05:59.999999Z".parse().unwrap();
        assert_eq!(minute_name(at), "201212241805");
        assert_eq!(oldest_minute_kept(at), "201212241800");
        assert!(is_minute_name("201212241805") && !is_minute_name("20121224180x"));
        assert_eq!([".201212241805", "201212241805"].map(minute_of), [Some("201212241805"); 2]);
        assert_eq!([".20121224180x", "..201212241805"].map(minute_of), [None; 2]);
    }
}
