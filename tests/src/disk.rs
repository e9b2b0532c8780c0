//! A file system of its own, in a file and mounted: one that can be full, read-only, or without power.
//!
//! Only root may mount, and not everywhere.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::wait;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: nothing is written from here on, as ext4's own
/// tests cut the power.
const SHUT_DOWN: &str = "open my $file, '<', $ARGV[0] or die $!;\
                         my $how = pack('L', 2); ioctl($file, 0x8004587d, $how) or die $!;";

/// A mounted ext4; dropped, it is unmounted and gone.
#[derive(Debug)]
pub struct Disk {
    dir: TempDir,
}

impl Disk {
    /// Makes one of so many bytes; `options` are further ones of `mkfs.ext4`. `None`, and a word about
    /// why, where no file system can be mounted.
    pub fn make(bytes: u64, options: &[&str]) -> Result<Option<Self>> {
        if !geteuid().is_root() {
            println!("NOT RUN: only root may mount a file system");
            return Ok(None);
        }
        let disk = Self { dir: tempfile::Builder::new().prefix("auxilio-test-").tempdir()? };
        std::fs::create_dir(disk.path())?;
        File::create(disk.image())?.set_len(bytes)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).args(options).arg(disk.image()))?;
        if let Err(error) = disk.mount() {
            println!("NOT RUN: no file system can be mounted here: {error:#}");
            return Ok(None);
        }
        Ok(Some(disk))
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    /// Mounts it (again).
    pub fn mount(&self) -> Result<()> {
        let options = "loop,errors=remount-ro";
        run(Command::new("mount").args(["-o", options]).arg(self.image()).arg(self.path()))
    }

    /// Unmounts it. A process that was killed may hold it for a moment longer.
    pub fn unmount(&self) {
        wait::until("a file system that nobody holds", Duration::from_secs(30), || {
            run(Command::new("umount").arg(self.path())).ok()
        });
    }

    /// Takes away the power: what was not flushed is lost. `any_file` lies on it.
    pub fn cut(&self, any_file: &Path) -> Result<()> {
        run(Command::new("perl").args(["-e", SHUT_DOWN]).arg(any_file))
    }

    /// Makes it read-only, as ext4 does when it finds an error: whoever has it open keeps it open. It is
    /// writable again when it is mounted anew.
    pub fn turn_read_only(&self) -> Result<()> {
        let found = Command::new("findmnt").args(["-no", "SOURCE"]).arg(self.path()).output()?;
        let source = String::from_utf8(found.stdout)?;
        let name = source.trim().rsplit('/').next().context("it is not mounted")?;
        Ok(std::fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), "a test")?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may not be mounted; while something holds it, it goes later.
        let _ = Command::new("umount").args(["--quiet", "--lazy"]).arg(self.path()).status();
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", error.trim());
    Ok(())
}
