//! How much waits in a spool, at a cost that does not grow with what waits: a minute folder that has not
//! changed since it was last looked into is not looked into again.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use auxilio_common::Timestamp;

use crate::scan::{file_names, minutes, modified_at};
use crate::{Error, Lane, Source};

/// Age of a folder's last change from which on a look is believed: a file that comes or goes in the same
/// tick of the file system's clock as a look leaves no other trace.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// How much waits in a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// How many crashes.
    pub count: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// When the oldest was spooled; `None` in an empty lane.
    pub oldest: Option<Timestamp>,
}

impl Depth {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.oldest = self.oldest.into_iter().chain(other.oldest).min();
    }
}

/// What earlier looks into one spool have found.
#[derive(Debug, Default)]
pub struct Depths {
    minutes: HashMap<(Lane, String), Look>,
    quarantine: Option<Look>,
}

/// What was in a folder when it had last changed at this moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    changed_at: Timestamp,
    depth: Depth,
}

impl Depths {
    /// How much waits in a lane. Passes over folders that can't be read.
    pub fn lane(&mut self, source: &Source, lane: Lane) -> Result<Depth, Error> {
        let names = minutes(&source.layout, lane)?;
        let mut depth = Depth::default();
        let mut known = HashMap::with_capacity(names.len());
        for name in names {
            let folder = source.layout.minute(lane, &name);
            let key = (lane, name);
            let (found, keep) = look(&folder, self.minutes.get(&key).copied(), source);
            depth.add(found);
            known.extend(keep.map(|look| (key, look)));
        }
        self.minutes.retain(|(of, _), _| *of != lane);
        self.minutes.extend(known);
        Ok(depth)
    }

    /// How much is in quarantine.
    pub fn quarantine(&mut self, source: &Source) -> Depth {
        let (found, keep) = look(&source.layout.quarantine(), self.quarantine, source);
        self.quarantine = keep;
        found
    }
}

impl Source {
    /// How much waits in a lane: a look at every waiting file.
    pub fn depth(&self, lane: Lane) -> Result<Depth, Error> {
        Depths::default().lane(self, lane)
    }

    /// How many crashes are in quarantine.
    pub fn quarantined(&self) -> Result<u64, Error> {
        count(&self.layout.quarantine()).map(|depth| depth.count)
    }
}

/// What is in a folder, and what may be believed of it the next time.
fn look(folder: &Path, before: Option<Look>, source: &Source) -> (Depth, Option<Look>) {
    let changed_at = fs::metadata(folder).ok().and_then(|metadata| modified_at(&metadata));
    if let Some(before) = before.filter(|before| Some(before.changed_at) == changed_at) {
        return (before.depth, Some(before));
    }
    let Ok(depth) = count(folder) else { return (Depth::default(), None) };
    let settled = changed_at.filter(|at| source.clock.now().since(*at) > SETTLED_AFTER);
    (depth, settled.map(|changed_at| Look { changed_at, depth }))
}

fn count(folder: &Path) -> Result<Depth, Error> {
    let mut depth = Depth::default();
    for (_, path) in file_names(folder)? {
        match fs::symlink_metadata(&path) {
            // A pipe under a crash's name is none.
            Ok(metadata) if metadata.is_file() => {
                depth.add(Depth {
                    count: 1,
                    bytes: metadata.len(),
                    oldest: modified_at(&metadata),
                });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("look up", &path)(error));
            }
            _ => {}
        }
    }
    Ok(depth)
}
