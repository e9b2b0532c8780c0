//! Wake-up when a crash arrives. It may miss some: the carrier scans each second as well.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use inotify::{Event, EventMask, EventStream, Inotify, StreamExt, WatchDescriptor, WatchMask};

use crate::{Error, Lane, Source, scan};

/// What inotify may hand over at once.
const BUFFER_BYTES: usize = 16 * 1024;

/// Watches the lanes for new minutes, and the newest minutes for files whose writer let go.
pub struct Watch {
    events: EventStream<[u8; BUFFER_BYTES]>,
    /// The lane folders by their watch.
    lanes: Vec<(WatchDescriptor, PathBuf)>,
}

impl Watch {
    /// Begins to watch. Needs a tokio runtime around it.
    pub fn begin(source: &Source) -> Result<Self, Error> {
        let dir = source.dir();
        let inotify = Inotify::init().map_err(Error::io("watch", dir))?;
        let mut lanes = Vec::new();
        for lane in Lane::ALL {
            let folder = source.layout.lane(lane);
            let watch = match inotify.watches().add(&folder, WatchMask::CREATE | WatchMask::ONLYDIR)
            {
                Ok(watch) => watch,
                // A spool that was copied may lack a lane.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("watch", &folder)(error)),
            };
            if let Some(minute) = scan::minutes(&source.layout, lane)?.last() {
                watch_minute(&mut inotify.watches(), &folder.join(minute));
            }
            lanes.push((watch, folder));
        }
        let events =
            inotify.into_event_stream([0; BUFFER_BYTES]).map_err(Error::io("watch", dir))?;
        Ok(Self { events, lanes })
    }

    /// Returns when something may have arrived since the last return. Safe to drop half-way.
    pub async fn arrived(&mut self) -> io::Result<()> {
        loop {
            let event = self.events.next().await.ok_or(io::ErrorKind::UnexpectedEof)??;
            if self.is_arrival(&event) {
                break;
            }
        }
        // One scan finds all that came: what is known already shall not cause another.
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(event))) = pin!(self.events.next()).poll(&mut context) {
            self.is_arrival(&event);
        }
        Ok(())
    }

    /// Whether a crash may have come; begins to watch a minute that is new.
    fn is_arrival(&mut self, event: &Event<OsString>) -> bool {
        let lane = self.lanes.iter().find(|(watch, _)| *watch == event.wd);
        match (lane, &event.name) {
            (Some((_, folder)), Some(name)) if event.mask.contains(EventMask::ISDIR) => {
                watch_minute(&mut self.events.watches(), &folder.join(name));
                // Files may have come before the watch.
                true
            }
            // The rest says that a folder was removed, and its watch with it.
            _ => event.mask.intersects(EventMask::CLOSE_WRITE | EventMask::Q_OVERFLOW),
        }
    }
}

/// The writer closes its file once the name lasts. A minute that can't be watched is scanned.
fn watch_minute(watches: &mut inotify::Watches, folder: &Path) {
    let _ = watches.add(folder, WatchMask::CLOSE_WRITE | WatchMask::ONLYDIR);
}
