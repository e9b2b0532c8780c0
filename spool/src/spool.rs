//! The spool as its writers hold it: the main folder and, if there is one, the fallback.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use auxilio_common::{Clock, Random};

use crate::root::Root;
use crate::{Config, Depths, Draft, Error, Lane, Room, Source, counts, water_mark};

/// An open spool. Several may be open on one folder, in one process or in many.
#[derive(Debug)]
pub struct Spool {
    pub(crate) config: Config,
    pub(crate) roots: Vec<Arc<Root>>,
    random: Arc<dyn Random>,
    /// Bytes that waited in the main folder when it was last measured.
    waiting_bytes: AtomicU64,
    trouble: Vec<Error>,
    /// What earlier measurings have found.
    depths: Mutex<Depths>,
}

impl Spool {
    /// Opens the spool, makes its folders and removes what dead writers left unfinished.
    ///
    /// A folder where that fails is left alone for now, as long as there is another: a collector must
    /// start while its first disk is gone. [`Spool::trouble_at_opening`] tells of it.
    ///
    /// # Errors
    /// The first folder's trouble, if none can be used.
    pub fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let fallback = config.fallback_dir.clone().map(|dir| Source::new(dir, Arc::clone(&clock)));
        let main = Source::new(config.dir.clone(), clock);
        let roots: Vec<_> = std::iter::once(main)
            .chain(fallback)
            .map(|source| Arc::new(Root::new(source)))
            .collect();
        let made: Vec<_> = roots.iter().map(|root| root.source.make()).collect();
        // Before the sweep: a draft that is gone counts as spooled. What is wrong with counts stops no crash;
        // whoever writes some says it.
        let sources: Vec<_> = roots.iter().map(|root| root.source.clone()).collect();
        let _ = counts::settle(&sources);
        let mut trouble = Vec::new();
        for (root, made) in roots.iter().zip(made) {
            if let Err(error) = made.and_then(|()| root.sweep()) {
                root.failed();
                trouble.push(error);
            }
        }
        if trouble.len() == roots.len() {
            // There is one root at least.
            return Err(trouble.swap_remove(0));
        }
        let waiting_bytes = AtomicU64::new(0);
        Ok(Self { config, roots, random, waiting_bytes, trouble, depths: Mutex::default() })
    }

    /// What was wrong with folders that could not be made ready when the spool was opened.
    pub fn trouble_at_opening(&self) -> &[Error] {
        &self.trouble
    }

    /// Begins a crash: in the main folder, or in the fallback while the main one can't flush or has no room.
    pub fn begin(&self) -> Result<Draft, Error> {
        let mut trouble = None;
        for (place, root) in self.roots.iter().enumerate() {
            let is_last = place + 1 == self.roots.len();
            if let Err(error) = self.check_root(root) {
                trouble.get_or_insert(error);
            } else if is_last || root.may_take() {
                match Draft::create(Arc::clone(root), &*self.random) {
                    Ok(draft) => return Ok(draft),
                    Err(error) => trouble = Some(error),
                }
                root.failed();
            }
        }
        // The last one was tried, so there is one.
        let none = || Error::io("begin a crash in", self.dir())(io::ErrorKind::NotFound.into());
        Err(trouble.unwrap_or_else(none))
    }

    /// How much room the main folder's file system has.
    pub fn room(&self) -> Result<Room, Error> {
        Room::of(self.dir())
    }

    /// Whether there is room enough to take crashes, by the marks of the configuration: in the main folder,
    /// else in the fallback.
    pub fn check_room(&self) -> Result<(), Error> {
        let mut rooms = self.roots.iter().map(|root| self.check_root(root));
        match rooms.next() {
            Some(Err(_)) if rooms.any(|room| room.is_ok()) => Ok(()),
            first => first.unwrap_or(Ok(())),
        }
    }

    fn check_root(&self, root: &Root) -> Result<(), Error> {
        let (waiting, max) =
            (self.waiting_bytes.load(Ordering::Relaxed), self.config.total_bytes_max);
        if max > 0 && waiting >= max {
            return Err(Error::TooMuchWaits { waiting, max });
        }
        water_mark::check(&self.config, Room::of(root.source.dir())?)
    }

    /// Measures what waits in the main folder, for the bound on it. What comes until
    /// the next measuring may go beyond that. Costs nothing where there is no bound.
    pub fn measure(&self) -> Result<(), Error> {
        if self.config.total_bytes_max == 0 {
            return Ok(());
        }
        // It knows less after a panic, nothing wrong.
        let mut depths = self.depths.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = depths.quarantine(self.source()).bytes;
        for lane in Lane::ALL {
            bytes += depths.lane(self.source(), lane)?.bytes;
        }
        self.waiting_bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// The main folder as its readers hold it.
    pub fn source(&self) -> &Source {
        &self.roots[0].source
    }

    /// The main folder and the fallback, as their readers hold them.
    pub fn sources(&self) -> Vec<Source> {
        self.roots.iter().map(|root| root.source.clone()).collect()
    }

    /// The main folder.
    pub fn dir(&self) -> &Path {
        self.source().dir()
    }
}
