//! A spool's folder as its readers hold it: carriers and operators.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use auxilio_common::Clock;
use rustix::fs::Access;

use crate::layout::Layout;
use crate::{Error, Lane};

/// One spool folder. It may be one that this machine's collector writes, one on another disk, or one
/// that came from another machine; it may be absent, and come later. Nothing is made in it but what
/// a call says, and no file of it is kept open.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) layout: Arc<Layout>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Source {
    /// The spool in a folder, which need not be there. Touches nothing.
    pub fn new(dir: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { layout: Arc::new(Layout::new(dir)), clock }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// Whether the folder is there and is a spool: a mount point whose disk is away is none.
    pub fn check_readable(&self) -> Result<(), Error> {
        let dir = self.dir();
        fs::read_dir(dir).map_err(Error::io("open the spool", dir))?;
        if Lane::ALL.iter().any(|lane| self.layout.lane(*lane).is_dir()) {
            return Ok(());
        }
        Err(Error::NoSpool(dir.to_owned()))
    }

    /// Whether crashes can be carried away from it: what can be read and not removed would be
    /// carried again and again.
    pub fn check_writable(&self) -> Result<(), Error> {
        self.check_readable()?;
        for lane in Lane::ALL {
            let folder = self.layout.lane(lane);
            match rustix::fs::access(&folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
            {
                Err(error) if io::Error::from(error).kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("take crashes out of", &folder)(error.into()));
                }
                // A copy may lack a lane: it is empty.
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the spool's folders where they are missing.
    pub fn make(&self) -> Result<(), Error> {
        self.layout.make()
    }
}
