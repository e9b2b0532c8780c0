//! Crashes that come back from quarantine for another try.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_common::CrashId;

use crate::files::SpoolFile;
use crate::root::Root;
use crate::{Envelope, Error, Lane, Source, durable, instance, layout};

/// What became of a crash that should come back.
#[derive(Debug, PartialEq, Eq)]
pub enum Requeued {
    /// It waits again, here.
    Back(PathBuf),
    /// Somebody else has it in hand.
    Held,
    /// It is not in quarantine any more.
    Gone,
}

/// A spool whose quarantine gives crashes back.
#[derive(Debug)]
pub struct Requeue {
    root: Root,
}

impl Requeue {
    /// Out of a spool. Nothing is made or swept before a crash comes back.
    pub fn of(source: Source) -> Self {
        Self { root: Root::new(source) }
    }

    /// What [`Requeue::put_back`] would say: the place is that in quarantine, and nothing is moved.
    pub fn try_out(file: &SpoolFile) -> Result<Requeued, Error> {
        // Let go of at once: for that long, somebody else may see it held.
        Ok(match judge(file)? {
            Judged::Fit { .. } => Requeued::Back(file.path.clone()),
            Judged::Held => Requeued::Held,
            Judged::Gone => Requeued::Gone,
        })
    }

    /// Puts a quarantined crash back into the lane of its verdict, under the present minute, and
    /// returns once that lasts. A file that is damaged stays where it is.
    ///
    /// One rename moves it, so whenever we are killed it is in one place: in quarantine with its
    /// reason, or in its lane, where at most the reason's file is left behind. After
    /// [`Error::HalfBack`] it waits in its lane, and a power cut may bring it back to quarantine; after
    /// another error it is where it was.
    pub fn put_back(&self, file: &SpoolFile) -> Result<Requeued, Error> {
        let path = &file.path;
        // Held to the end: no carrier takes it before its name lasts.
        let (_held, crash_id, lane) = match judge(file)? {
            Judged::Fit { held, crash_id, lane } => (held, crash_id, lane),
            Judged::Held => return Ok(Requeued::Held),
            Judged::Gone => return Ok(Requeued::Gone),
        };
        let layout = &self.root.source.layout;
        // A spool that was copied may lack it.
        let folder = layout.lane(lane);
        durable::make_folders(&folder).map_err(Error::io("make", &folder))?;
        let (minute, back) = self.root.place(path, lane, crash_id)?;
        match minute.folder.flush().and_then(|()| self.leave_quarantine(path)) {
            Ok(()) => Ok(Requeued::Back(back)),
            Err(source) => Err(Error::HalfBack { back, source: Box::new(source) }),
        }
    }

    /// Makes it last that a crash is not in quarantine any more, and removes its reason.
    fn leave_quarantine(&self, path: &Path) -> Result<(), Error> {
        let quarantine = self.root.source.layout.quarantine();
        durable::flush_folder(&quarantine)
            .map_err(|source| Error::Flush { path: quarantine, source })?;
        let reason = layout::reason_of(path);
        durable::unlink(&reason).map(drop).map_err(Error::io("remove", &reason))
    }
}

/// What is found of a crash that should come back.
enum Judged {
    /// It may, and nobody else has it while `held` lives.
    Fit {
        held: Arc<File>,
        crash_id: CrashId,
        lane: Lane,
    },
    Held,
    Gone,
}

fn judge(file: &SpoolFile) -> Result<Judged, Error> {
    let path = &file.path;
    let held = match File::open(path) {
        Ok(open) => Arc::new(open),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Judged::Gone),
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    if !instance::lock(&held).map_err(Error::io("lock", path))? {
        return Ok(Judged::Held);
    }
    if !instance::names(path, &held).map_err(Error::io("look up", path))? {
        return Ok(Judged::Gone);
    }
    let crash = file.whole(Envelope::from_file(path, Arc::clone(&held))?)?;
    let crash_id = crash.crash_id;
    let lane = Lane::of(crash.metadata.throttle).ok_or(Error::NoLane(crash_id))?;
    Ok(Judged::Fit { held, crash_id, lane })
}
