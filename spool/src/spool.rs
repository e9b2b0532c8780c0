//! The spool as its writers hold it: the main folder and, if there is one, the fallback.

use std::path::Path;
use std::sync::Arc;

use auxilio_common::{Clock, Random};

use crate::root::Root;
use crate::{Config, Draft, Error, Room, Source, counts, instance, water_mark};

/// An open spool. Several may be open on one folder, in one process or in many.
#[derive(Debug)]
pub struct Spool {
    pub(crate) config: Config,
    pub(crate) roots: Vec<Arc<Root>>,
    random: Arc<dyn Random>,
}

impl Spool {
    /// Opens the spool, makes its folders and removes what dead writers left unfinished.
    pub fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let fallback = config.fallback_dir.clone().map(|dir| Source::new(dir, Arc::clone(&clock)));
        let main = Source::new(config.dir.clone(), clock);
        let roots = std::iter::once(main)
            .chain(fallback)
            .map(|source| Root::open(source).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { config, roots, random })
    }

    /// Begins a crash: in the main folder, or in the fallback while the main one can't flush.
    pub fn begin(&self) -> Result<Draft, Error> {
        let main = &self.roots[0];
        let Some(fallback) = self.roots.get(1) else { return self.begin_in(main) };
        if main.may_take() {
            match self.begin_in(main) {
                Ok(draft) => return Ok(draft),
                Err(_) => main.failed(),
            }
        }
        self.begin_in(fallback)
    }

    /// Removes unfinished files of dead writers, as [`Spool::open`] does. Returns how many.
    pub fn sweep(&self) -> Result<usize, Error> {
        let _ = counts::settle(&self.source().layout);
        self.roots.iter().map(|root| instance::sweep(&root.source.layout.instances())).sum()
    }

    /// How much room the main folder's file system has.
    pub fn room(&self) -> Result<Room, Error> {
        Room::of(self.dir())
    }

    /// Whether there is room enough to take crashes, by the marks of the configuration.
    pub fn check_room(&self) -> Result<(), Error> {
        water_mark::check(&self.config, self.room()?)
    }

    /// The main folder as its readers hold it.
    pub fn source(&self) -> &Source {
        &self.roots[0].source
    }

    /// The main folder.
    pub fn dir(&self) -> &Path {
        self.source().dir()
    }

    fn begin_in(&self, root: &Arc<Root>) -> Result<Draft, Error> {
        Draft::create(Arc::clone(root), &*self.random)
    }
}
