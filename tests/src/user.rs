//! The unprivileged user that the system runs as when the tests run as root.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// User and group of `auxilio`; `None` when the tests are unprivileged themselves.
pub fn unprivileged() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let list = std::fs::read_to_string("/etc/passwd")?;
    let line = list.lines().find(|line| line.starts_with("auxilio:"));
    let line = line.context("there is no user auxilio: bin/test makes it")?;
    let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
    let mut number =
        || fields.next().context("a line of /etc/passwd is short")?.context("no number");
    Ok(Some((number()?, number()?)))
}

/// Gives a path to that user, unless it is theirs: a disk may be read-only by now.
pub fn give(path: &Path) -> Result<()> {
    if let Some((user, group)) = unprivileged()? {
        let now = std::fs::symlink_metadata(path)?;
        if (now.uid(), now.gid()) != (user, group) {
            chown(path, Some(user), Some(group))?;
        }
    }
    Ok(())
}

/// Gives a folder and all in it to that user.
pub fn give_all(path: &Path) -> Result<()> {
    give(path)?;
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path)? {
            give_all(&entry?.path())?;
        }
    }
    Ok(())
}

/// Makes a command run as that user.
pub fn run_as(command: &mut Command) -> Result<()> {
    if let Some((user, group)) = unprivileged()? {
        command.uid(user).gid(group);
    }
    Ok(())
}
