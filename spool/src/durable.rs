//! The calls that make files last. Nothing outside this file flushes, renames or links.
//!
//! A file lasts once its data is flushed, it has its name, and the folder that holds the name is
//! flushed. A flush that failed must not be repeated: the kernel marks the pages clean, and the
//! second flush reports a success that never happened.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// How the name of a folder begins that has not got its own yet.
pub const ASIDE: &str = ".";

/// Flushes a file's data and length.
pub fn flush_data(file: &File) -> io::Result<()> {
    file.sync_data()
}

/// Flushes a folder: names made or removed in it before last.
pub fn flush_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Flushes a folder that is open.
pub fn flush_open_folder(folder: &File) -> io::Result<()> {
    folder.sync_all()
}

/// Makes a folder in a parent that exists, and flushes the parent. Existing is fine, and flushed
/// too: another process may have made it and not have come to the flush.
///
/// What root makes in another's folder belongs to that folder's owner, who shall go on using it.
pub fn make_folder(parent: &Path, name: impl AsRef<OsStr>) -> io::Result<()> {
    let name = name.as_ref();
    let owner = fs::metadata(parent)?;
    let for_owner = rustix::process::geteuid().is_root() && owner.uid() != 0;
    let made = if for_owner {
        make_folder_of(parent, name, &owner)
    } else {
        fs::create_dir(parent.join(name))
    };
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    flush_folder(parent)
}

/// Makes a folder with an owner. It has its name only once it is the owner's: no writer of theirs
/// meets one that it can't write to. That others do the same at once is fine.
fn make_folder_of(parent: &Path, name: &OsStr, owner: &fs::Metadata) -> io::Result<()> {
    let mut aside = OsStr::new(ASIDE).to_owned();
    aside.push(name);
    let (aside, named) = (parent.join(aside), parent.join(name));
    while !named.is_dir() {
        match make_named(&aside, &named, owner) {
            // Another was faster, or took ours: either has the name by now, or we try again.
            Err(error) if error.kind() == io::ErrorKind::NotFound && parent.is_dir() => {}
            made => return made,
        }
    }
    Ok(())
}

fn make_named(aside: &Path, named: &Path, owner: &fs::Metadata) -> io::Result<()> {
    match fs::create_dir(aside) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // By its descriptor: whoever owns the parent may put a link in its place, and as root we would
    // give away what it names.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = fs::File::from(rustix::fs::open(aside, flags, Mode::empty())?);
    fchown(&made, Some(owner.uid()), Some(owner.gid()))?;
    made.set_permissions(owner.permissions())?;
    match rustix::fs::renameat_with(CWD, aside, CWD, named, RenameFlags::NOREPLACE) {
        Err(Errno::EXIST) => {
            let _ = fs::remove_dir(aside);
            Ok(())
        }
        renamed => Ok(renamed?),
    }
}

/// Makes a folder and all that lead to it, each flushed in its parent.
pub fn make_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    make_folders(parent)?;
    make_folder(parent, name)
}

/// Renames a file into an open folder, never over another (`AlreadyExists`). The caller flushes
/// the folder. A folder that was removed is `NotFound`, even if another has its name by now.
pub fn rename_new(from: &Path, folder: &impl AsFd, name: &str) -> io::Result<()> {
    rustix::fs::renameat_with(CWD, from, folder, name, RenameFlags::NOREPLACE)?;
    Ok(())
}

/// Renames a file over whatever has the name. The caller flushes the folder.
pub fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Renames a file into an open folder, over whatever has the name. The caller flushes the folder.
pub fn rename_over_in(from: &Path, folder: &impl AsFd, name: &str) -> io::Result<()> {
    rustix::fs::renameat(CWD, from, folder, name)?;
    Ok(())
}

/// Gives a file a second name in an open folder of its file system, never over another
/// (`AlreadyExists`). The caller flushes the folder.
pub fn link_new(from: &Path, folder: &impl AsFd, name: &str) -> io::Result<()> {
    rustix::fs::linkat(CWD, from, folder, name, AtFlags::empty())?;
    Ok(())
}

/// Makes an empty file in an open folder; being there is fine. It has no data to flush; the caller
/// flushes the folder.
pub fn make_empty(folder: &impl AsFd, name: &str) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o644))?;
    Ok(())
}

/// Removes a file; not there is fine. Nothing is flushed: a name that comes back after a power
/// cut must do no harm.
pub fn unlink(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
