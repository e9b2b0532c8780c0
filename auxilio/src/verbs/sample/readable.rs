//! Files that the service reads, whoever wrote them: an operator may be root, the service never is.

use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

use anyhow::Context;

/// Makes a folder that everybody can read and that belongs to the data folder's owner.
pub(super) fn make_folder(path: &Path, dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("can't make \"{}\"", path.display()))?;
    share_one(path, dir)
}

/// Writes a file of that kind.
pub(super) fn write(path: &Path, bytes: &[u8], dir: &Path) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("can't write \"{}\"", path.display()))?;
    share_one(path, dir)
}

/// Makes what is there such a file, or such a folder with all that is in it. Links are passed over.
pub(super) fn share(path: &Path, dir: &Path) -> anyhow::Result<()> {
    share_one(path, dir)?;
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let entries = std::fs::read_dir(path)
            .with_context(|| format!("can't list \"{}\"", path.display()))?;
        for entry in entries {
            share(&entry?.path(), dir)?;
        }
    }
    Ok(())
}

fn share_one(path: &Path, dir: &Path) -> anyhow::Result<()> {
    let failed = || format!("can't share \"{}\" with the service", path.display());
    let metadata = path.symlink_metadata().with_context(failed)?;
    let (us, owner) = (rustix::process::geteuid(), dir.metadata().with_context(failed)?);
    if metadata.is_symlink() || (!us.is_root() && metadata.uid() != us.as_raw()) {
        return Ok(());
    }
    let mode = if metadata.is_dir() { 0o755 } else { 0o644 };
    if metadata.mode() & 0o777 != mode {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).with_context(failed)?;
    }
    if us.is_root() {
        lchown(path, Some(owner.uid()), Some(owner.gid())).with_context(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_mask_does_not_keep_the_service_out() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, mode) =
            (dir.path().join("symbols"), |path: &Path| path.metadata().unwrap().mode() & 0o777);
        std::fs::create_dir_all(folder.join("a")).unwrap();
        std::fs::write(folder.join("a/b.sym"), "MODULE").unwrap();
        for path in [folder.clone(), folder.join("a")] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o700)).unwrap();
        }
        std::fs::set_permissions(folder.join("a/b.sym"), PermissionsExt::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.join("link")).unwrap();
        share(&folder, dir.path()).unwrap();
        assert_eq!((mode(&folder), mode(&folder.join("a"))), (0o755, 0o755));
        assert_eq!(mode(&folder.join("a/b.sym")), 0o644);
    }
}
