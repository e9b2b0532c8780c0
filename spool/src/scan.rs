//! What waits in the spool, in the order in which it should be carried.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use auxilio_common::{CrashId, Timestamp};

use crate::layout::{self, Layout};
use crate::{Error, Lane, Spool};

/// Every so many entries one comes from the newest end: fresh crashes are seen while a backlog drains.
const NEWEST_EVERY: usize = 5;

/// Every so many entries one comes from the other lane first.
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

/// How much waits in a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// How many crashes.
    pub count: u64,
    /// When the oldest was spooled; `None` in an empty lane.
    pub oldest: Option<Timestamp>,
}

impl Spool {
    /// At most `max` entries that `skip` does not name, in order: mostly the oldest of the standard
    /// lane, every fifth the newest, every tenth of the deferred lane, the gaps filled by what there is.
    ///
    /// Its cost depends on `max`, on the entries skipped and on the number of minutes, not on how
    /// many crashes wait.
    pub fn scan(&self, max: usize, skip: impl Fn(&Path) -> bool) -> Result<Vec<Entry>, Error> {
        let mut queues = Lane::ALL.map(|_| LaneQueue::default());
        for root in &self.roots {
            for lane in Lane::ALL {
                queues[lane as usize].add(&root.layout, lane, max, &skip)?;
            }
        }
        let [mut standard, mut deferred] = queues;
        standard.sort();
        deferred.sort();
        let mut taken = HashSet::new();
        let mut entries = Vec::new();
        for place in 1.. {
            let order = if place % OTHER_LANE_EVERY == 0 {
                [&mut deferred, &mut standard]
            } else {
                [&mut standard, &mut deferred]
            };
            let newest = place % NEWEST_EVERY == 0;
            let next = order.into_iter().find_map(|queue| queue.next(newest, &mut taken));
            let Some(entry) = next.filter(|_| entries.len() < max) else { break };
            entries.push(entry);
        }
        Ok(entries)
    }

    /// How much waits in a lane. Reads the name of every waiting file.
    pub fn depth(&self, lane: Lane) -> Result<Depth, Error> {
        let mut depth = Depth::default();
        for root in &self.roots {
            for minute in minutes(&root.layout, lane)? {
                let folder = root.layout.minute(lane, &minute);
                let names = file_names(&folder)?;
                depth.count += names.len() as u64;
                if !names.is_empty() && depth.oldest.is_none() {
                    let spooled = names.iter().filter_map(|(_, path)| modified_at(path));
                    depth.oldest = spooled.min();
                }
            }
        }
        Ok(depth)
    }

    /// How many crashes are in quarantine.
    pub fn quarantined(&self) -> Result<u64, Error> {
        self.roots
            .iter()
            .map(|root| file_names(&root.layout.quarantine()).map(|names| names.len() as u64))
            .sum()
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
    ) -> Result<(), Error> {
        let minutes = minutes(layout, lane)?;
        read_minutes(layout, lane, minutes.iter(), max, skip, &mut self.oldest)?;
        // The oldest reach to the end: the newest are among them.
        if self.oldest.len() < max {
            self.newest.extend_from_slice(&self.oldest);
            return Ok(());
        }
        let share = max / NEWEST_EVERY + 1;
        read_minutes(layout, lane, minutes.iter().rev(), share, skip, &mut self.newest)
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

/// Reads whole minutes until there are `max` entries or no more minutes.
fn read_minutes<'a>(
    layout: &Layout,
    lane: Lane,
    minutes: impl Iterator<Item = &'a String>,
    max: usize,
    skip: &impl Fn(&Path) -> bool,
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    for minute in minutes {
        if entries.len() >= max {
            break;
        }
        let names = file_names(&layout.minute(lane, minute))?;
        entries.extend(names.into_iter().filter(|(_, path)| !skip(path)).filter_map(
            |(crash_id, path)| {
                // A file that went meanwhile was carried by somebody else.
                let spooled_at = modified_at(&path)?;
                Some(Entry { path, lane, crash_id, spooled_at })
            },
        ));
    }
    Ok(())
}

/// The names of a lane's minute folders, oldest first.
pub(crate) fn minutes(layout: &Layout, lane: Lane) -> Result<Vec<String>, Error> {
    let folder = layout.lane(lane);
    let mut minutes = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
        let name = entry.map_err(Error::io("list", &folder))?.file_name();
        minutes
            .extend(name.to_str().filter(|name| layout::is_minute_name(name)).map(str::to_owned));
    }
    minutes.sort_unstable();
    Ok(minutes)
}

/// The crashes in a folder; a folder that is gone has none.
fn file_names(folder: &Path) -> Result<Vec<(CrashId, PathBuf)>, Error> {
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

pub(crate) fn modified_at(path: &Path) -> Option<Timestamp> {
    let modified = fs::symlink_metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}
