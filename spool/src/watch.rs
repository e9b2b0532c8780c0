//! Wake-up when a crash arrives. It may miss some: the carrier scans each second as well.

use std::io;

use inotify::{EventMask, EventStream, Inotify, StreamExt, WatchMask};

use crate::{Error, Lane, Spool, scan};

/// What inotify may hand over at once.
const BUFFER_BYTES: usize = 16 * 1024;

/// Watches the lanes for new minutes, and the newest minutes for files whose writer let go.
pub struct Watch {
    events: EventStream<[u8; BUFFER_BYTES]>,
    /// The lane folders by their watch.
    lanes: Vec<(inotify::WatchDescriptor, std::path::PathBuf)>,
}

impl Watch {
    /// Begins to watch. Needs a tokio runtime around it.
    pub fn begin(spool: &Spool) -> Result<Self, Error> {
        let dir = spool.dir();
        let inotify = Inotify::init().map_err(Error::io("watch", dir))?;
        let mut lanes = Vec::new();
        for root in &spool.roots {
            for lane in Lane::ALL {
                let folder = root.layout.lane(lane);
                let watch = inotify
                    .watches()
                    .add(&folder, WatchMask::CREATE | WatchMask::ONLYDIR)
                    .map_err(Error::io("watch", &folder))?;
                if let Some(minute) = scan::minutes(&root.layout, lane)?.last() {
                    watch_minute(&mut inotify.watches(), &folder.join(minute));
                }
                lanes.push((watch, folder));
            }
        }
        let events =
            inotify.into_event_stream([0; BUFFER_BYTES]).map_err(Error::io("watch", dir))?;
        Ok(Self { events, lanes })
    }

    /// Returns when something may have arrived. Safe to drop half-way.
    pub async fn arrived(&mut self) -> io::Result<()> {
        loop {
            let event = self.events.next().await.ok_or(io::ErrorKind::UnexpectedEof)??;
            let lane = self.lanes.iter().find(|(watch, _)| *watch == event.wd);
            match (lane, event.name) {
                (Some((_, folder)), Some(name)) if event.mask.contains(EventMask::ISDIR) => {
                    watch_minute(&mut self.events.watches(), &folder.join(name));
                    // Files may have come before the watch.
                    return Ok(());
                }
                _ if event.mask.intersects(EventMask::CLOSE_WRITE | EventMask::Q_OVERFLOW) => {
                    return Ok(());
                }
                // A folder was removed and its watch with it.
                _ => {}
            }
        }
    }
}

/// The writer closes its file once the name lasts. A minute that can't be watched is scanned.
fn watch_minute(watches: &mut inotify::Watches, folder: &std::path::Path) {
    let _ = watches.add(folder, WatchMask::CLOSE_WRITE | WatchMask::ONLYDIR);
}
