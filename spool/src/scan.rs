//! What waits in the spool, in the order in which it should be carried.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use auxilio_common::{CrashId, Timestamp};

use crate::layout::{self, Layout};
use crate::{Error, Lane, Source};

/// Every so many entries one comes from the newest end: fresh crashes are seen while a backlog drains.
/// A smaller share than what comes meanwhile would leave each crash to chance: the newest end takes a
/// crash while it is among the newest, or the oldest end when the backlog is gone. A backlog drains
/// at three times the rate of arrival, so half is enough.
const NEWEST_EVERY: usize = 2;

/// Every so many entries one comes from the other lane first. Its turn is one of the oldest end.
const OTHER_LANE_EVERY: usize = 10;

/// A file that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it stands.
    pub path: PathBuf,
    /// The lane it stands in.
    pub lane: Lane,
    /// The crash, by the file's name.
    pub crash_id: CrashId,
    /// When its last byte was written, by the system's clock.
    pub spooled_at: Timestamp,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Entries in the order in which they should be carried.
    pub entries: Vec<Entry>,
    /// The first folder that could not be read; those beside it were.
    pub unreadable: Option<Error>,
}

impl Source {
    /// At most `max` entries that `skip` does not name, in order: the oldest and the newest of the
    /// standard lane in turn, every tenth of the deferred lane, the gaps filled by what there is.
    ///
    /// Its cost depends on `max`, on the entries skipped and on the number of minutes, not on how
    /// many crashes wait.
    pub fn scan(&self, max: usize, skip: impl Fn(&Path) -> bool) -> Result<Scan, Error> {
        let mut queues = Lane::ALL.map(|_| LaneQueue::default());
        let mut unreadable = None;
        for lane in Lane::ALL {
            let (queue, reading) = (&mut queues[lane as usize], &mut unreadable);
            queue.add(&self.layout, lane, max, &skip, reading)?;
        }
        let [mut standard, mut deferred] = queues;
        standard.sort();
        deferred.sort();
        let mut taken = HashSet::new();
        let mut entries = Vec::new();
        for place in 1.. {
            let order = if place % OTHER_LANE_EVERY == OTHER_LANE_EVERY - 1 {
                [&mut deferred, &mut standard]
            } else {
                [&mut standard, &mut deferred]
            };
            let newest = place % NEWEST_EVERY == 0;
            let next = order.into_iter().find_map(|queue| queue.next(newest, &mut taken));
            let Some(entry) = next.filter(|_| entries.len() < max) else { break };
            entries.push(entry);
        }
        Ok(Scan { entries, unreadable })
    }
}

/// The ends of one lane: the oldest entries and the newest.
#[derive(Default)]
struct LaneQueue {
    oldest: Vec<Entry>,
    newest: Vec<Entry>,
}

impl LaneQueue {
    fn add(
        &mut self,
        layout: &Layout,
        lane: Lane,
        max: usize,
        skip: &impl Fn(&Path) -> bool,
        unreadable: &mut Option<Error>,
    ) -> Result<(), Error> {
        let minutes = minutes(layout, lane)?;
        let mut read = |minutes: &mut dyn Iterator<Item = &String>, max, entries: &mut _| {
            if let Err(error) = read_minutes(layout, lane, minutes, max, skip, entries) {
                unreadable.get_or_insert(error);
            }
        };
        read(&mut minutes.iter(), max, &mut self.oldest);
        // The oldest reach to the end: the newest are among them.
        if self.oldest.len() < max {
            self.newest.extend_from_slice(&self.oldest);
            return Ok(());
        }
        let share = max / NEWEST_EVERY + 1;
        read(&mut minutes.iter().rev(), share, &mut self.newest);
        Ok(())
    }

    /// Both so that the next one stands last.
    fn sort(&mut self) {
        self.oldest.sort_by_key(|entry| std::cmp::Reverse(key(entry)));
        self.newest.sort_by_key(key);
    }

    fn next(&mut self, newest: bool, taken: &mut HashSet<PathBuf>) -> Option<Entry> {
        let ends = if newest {
            [&mut self.newest, &mut self.oldest]
        } else {
            [&mut self.oldest, &mut self.newest]
        };
        for end in ends {
            while let Some(entry) = end.pop() {
                if taken.insert(entry.path.clone()) {
                    return Some(entry);
                }
            }
        }
        None
    }
}

fn key(entry: &Entry) -> (Timestamp, CrashId) {
    (entry.spooled_at, entry.crash_id)
}

/// Reads whole minutes until there are `max` entries or no more minutes. After one that can't be
/// read the others are; the error is told at the end.
fn read_minutes(
    layout: &Layout,
    lane: Lane,
    minutes: &mut dyn Iterator<Item = &String>,
    max: usize,
    skip: &impl Fn(&Path) -> bool,
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    let mut ended = Ok(());
    for minute in minutes {
        if entries.len() >= max {
            break;
        }
        let names = match file_names(&layout.minute(lane, minute)) {
            Ok(names) => names,
            Err(error) => {
                ended = ended.and(Err(error));
                continue;
            }
        };
        entries.extend(names.into_iter().filter(|(_, path)| !skip(path)).filter_map(
            |(crash_id, path)| {
                // A file that went meanwhile was carried by somebody else.
                let spooled_at = spooled_at(&path)?;
                Some(Entry { path, lane, crash_id, spooled_at })
            },
        ));
    }
    ended
}

/// The names of a lane's minute folders, oldest first. A lane that is not there has none.
pub(crate) fn minutes(layout: &Layout, lane: Lane) -> Result<Vec<String>, Error> {
    folders(layout, lane, layout::is_minute_name)
}

/// The names in a lane that are asked for, in their order.
pub(crate) fn folders(
    layout: &Layout,
    lane: Lane,
    is_asked_for: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    let lane = layout.lane(lane);
    let mut names = Vec::new();
    let listing = match fs::read_dir(&lane) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(Error::io("list", &lane)(error)),
    };
    for entry in listing {
        let name = entry.map_err(Error::io("list", &lane))?.file_name();
        names.extend(name.to_str().filter(|name| is_asked_for(name)).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// The crashes in a folder; a folder that is gone has none.
pub(crate) fn file_names(folder: &Path) -> Result<Vec<(CrashId, PathBuf)>, Error> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.map_err(Error::io("list", folder))?;
        let crash_id = entry.file_name().to_str().and_then(layout::crash_of_file_name);
        names.extend(crash_id.map(|crash_id| (crash_id, entry.path())));
    }
    Ok(names)
}

/// When a crash's file was written; `None` if it is gone, and for what is no plain file: a pipe
/// would never let go of its reader.
pub(crate) fn spooled_at(path: &Path) -> Option<Timestamp> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if metadata.is_file() { modified_at(&metadata) } else { None }
}

pub(crate) fn modified_at(metadata: &fs::Metadata) -> Option<Timestamp> {
    let modified = metadata.modified().ok()?;
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}
