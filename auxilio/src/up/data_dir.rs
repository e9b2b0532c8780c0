//! The data folder: made, owned by an unprivileged user, and usable by it.

use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use rustix::fs::Access;
use rustix::io::Errno;

/// The user that owns a data folder which root makes.
const USER: &str = "auxilio";

/// Makes the folder. As root it gets an unprivileged owner, and this process becomes that user.
///
/// As root this does not return: it executes itself again as the owner, with the same arguments.
pub(crate) fn prepare(dir: &Path) -> anyhow::Result<PathBuf> {
    if !rustix::process::geteuid().is_root() {
        check_passable(dir)?;
    }
    let existed = dir.exists();
    std::fs::create_dir_all(dir)
        .with_context(|| format!("can't make the data folder \"{}\"", dir.display()))?;
    let dir = dir.canonicalize().with_context(|| format!("can't resolve \"{}\"", dir.display()))?;
    if rustix::process::geteuid().is_root() {
        let (user, group) = owner(&dir, existed)?;
        return Err(become_user(user, group));
    }
    check_usable(&dir)?;
    Ok(dir)
}

/// The folder's owner, which must not be root.
fn owner(dir: &Path, existed: bool) -> anyhow::Result<(u32, u32)> {
    let metadata = dir.metadata()?;
    if metadata.uid() != 0 {
        return Ok((metadata.uid(), metadata.gid()));
    }
    let empty = std::fs::read_dir(dir)?.next().is_none();
    if existed && !empty {
        bail!(
            "\"{}\" belongs to root; no dump is walked as root: give it to an unprivileged user with \"chown -R {USER}: {}\"",
            dir.display(),
            dir.display()
        );
    }
    let Some((user, group)) = find_user(USER)? else {
        bail!(
            "there is no user \"{USER}\" to own the data folder: make it with \"useradd --system --no-create-home --shell /usr/sbin/nologin {USER}\""
        );
    };
    chown(dir, Some(user), Some(group))
        .with_context(|| format!("can't give \"{}\" to {USER}", dir.display()))?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))?;
    Ok((user, group))
}

/// User and group of a name in the machine's own list of users.
fn find_user(name: &str) -> anyhow::Result<Option<(u32, u32)>> {
    let list = std::fs::read_to_string("/etc/passwd").context("can't read /etc/passwd")?;
    Ok(list.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let mut numbers = fields.skip(1).map(|field| field.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    }))
}

/// Executes this program again as another user. Only an error returns.
fn become_user(user: u32, group: u32) -> anyhow::Error {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| OsString::from("auxilio"));
    // By way of /proc: the user need not be able to reach the folder that holds the program.
    let error = Command::new("/proc/self/exe")
        .arg0(absolute(&name))
        .args(arguments)
        .uid(user)
        .gid(group)
        .current_dir("/")
        .exec();
    anyhow::Error::new(error).context(format!("can't become user {user}"))
}

/// The program's own path, so that the process shows by it which installation it runs from.
fn absolute(name: &OsString) -> OsString {
    std::fs::read_link("/proc/self/exe").map_or_else(|_| name.clone(), PathBuf::into_os_string)
}

/// Whether this user can reach the folder; the first parent that it can't pass through is named.
/// Parents that are not there yet are made later.
fn check_passable(dir: &Path) -> anyhow::Result<()> {
    let parents: Vec<&Path> = dir.ancestors().skip(1).collect();
    for parent in parents.into_iter().rev() {
        if rustix::fs::access(parent, Access::EXEC_OK) == Err(Errno::ACCESS) {
            bail!(
                "user {} can't pass through \"{}\"",
                rustix::process::geteuid().as_raw(),
                parent.display()
            );
        }
    }
    Ok(())
}

/// Whether this user can write to the folder.
fn check_usable(dir: &Path) -> anyhow::Result<()> {
    if rustix::fs::access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        bail!("user {} can't write to \"{}\"", rustix::process::geteuid().as_raw(), dir.display());
    }
    Ok(())
}
