//! A file system of its own, that loses what was not flushed: it is shut down as ext4's own tests do
//! it, without writing its journal, and mounted again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use auxilio_service::clock::SystemClock;
use auxilio_spool::Source;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::collector::Collector;
use auxilio_tests::wait;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::senders::Senders;

/// Cuts of the power.
const CUTS: u64 = 12;

const IMAGE_BYTES: u64 = 256 << 20;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: nothing is written from here on.
const SHUT_DOWN: &str = "open my $file, '<', $ARGV[0] or die $!;\
                         my $how = pack('L', 2); ioctl($file, 0x8004587d, $how) or die $!;";

/// A file system in a file, mounted.
struct Disk {
    dir: TempDir,
}

impl Disk {
    fn make() -> Result<Self> {
        let disk = Self { dir: tempfile::Builder::new().prefix("auxilio-test-").tempdir()? };
        std::fs::create_dir(disk.path())?;
        File::create(disk.image())?.set_len(IMAGE_BYTES)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(disk.image()))?;
        disk.mount()?;
        Ok(disk)
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn mount(&self) -> Result<()> {
        run(Command::new("mount").args(["-o", "loop"]).arg(self.image()).arg(self.path()))
    }

    /// A process that was killed may hold it for a moment longer.
    fn unmount(&self) {
        wait::until("a file system that nobody holds", Duration::from_secs(30), || {
            run(Command::new("umount").arg(self.path())).ok()
        });
    }

    fn cut(&self, any_file: &Path) -> Result<()> {
        run(Command::new("perl").args(["-e", SHUT_DOWN]).arg(any_file))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may not be mounted.
        let _ = Command::new("umount").arg("--quiet").arg(self.path()).status();
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", error.trim());
    Ok(())
}

#[test]
fn a_disk_without_power_keeps_what_was_acknowledged() {
    if !geteuid().is_root() {
        println!("NOT RUN: only root may mount a file system");
        return;
    }
    let disk = match Disk::make() {
        Ok(disk) => disk,
        Err(error) => {
            println!("NOT RUN: no file system can be mounted here: {error:#}");
            return;
        }
    };
    let spool = disk.path().join("spool");
    let mut random = SplitMix::new(1);
    let mut acknowledged = Vec::new();
    for cut in 0..CUTS {
        let collector = Collector::start(&spool).unwrap();
        let senders = Senders::start(collector.address);
        wait::until("a first crash", Duration::from_secs(60), || {
            (senders.acknowledged() > 0).then_some(())
        });
        std::thread::sleep(Duration::from_millis(random.below(500)));
        // Or it would show nothing: this is what must be gone.
        let unflushed = disk.path().join(format!("unflushed-{cut}"));
        File::create(&unflushed).unwrap().write_all(b"x").unwrap();
        disk.cut(&unflushed).unwrap();
        collector.process.kill().unwrap();
        acknowledged.extend(senders.stop());
        disk.unmount();
        disk.mount().unwrap();
        assert!(
            std::fs::read(&unflushed).is_ok_and(|bytes| bytes.is_empty()) || !unflushed.exists(),
            "the power was not cut"
        );
        let source = Source::new(spool.clone(), Arc::new(SystemClock::start()));
        for id in &acknowledged {
            let entry = source.find(*id).unwrap();
            let entry = entry.unwrap_or_else(|| panic!("{id} is lost after cut {cut}"));
            let claim = source.claim(&entry).unwrap().unwrap();
            claim.open_whole().unwrap_or_else(|error| panic!("{id} after cut {cut}: {error}"));
        }
    }
    assert!(acknowledged.len() as u64 > 5 * CUTS, "next to nothing was acknowledged");
}
