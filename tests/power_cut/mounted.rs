//! A file system of its own, that loses what was not flushed: it is shut down as ext4's own tests do
//! it, without writing its journal, and mounted again.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use auxilio_service::clock::SystemClock;
use auxilio_spool::Source;
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::collector::Collector;
use auxilio_tests::disk::Disk;
use auxilio_tests::wait;

use crate::senders::Senders;

/// Cuts of the power.
const CUTS: u64 = 12;

const DISK_BYTES: u64 = 256 << 20;

#[test]
fn a_disk_without_power_keeps_what_was_acknowledged() {
    let Some(disk) = Disk::make(DISK_BYTES, &[]).unwrap() else { return };
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
