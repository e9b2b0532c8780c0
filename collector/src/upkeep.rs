//! What a collector does every second beside its requests: its counts go to the disk, the disk's room
//! into metrics, and what waits is measured where it has a bound.

use std::sync::Arc;
use std::time::Duration;

use auxilio_service::metrics::{COLLECTOR_DISK_FREE, COLLECTOR_INODES_FREE};
use auxilio_service::recurring;
use auxilio_spool::{Error, Ledger, Spool};
use tokio_util::sync::CancellationToken;

/// Time between two looks: a kill costs the counts of what no file stands for no more than that.
const EVERY: Duration = Duration::from_secs(1);

/// Goes on until it is told that the last submission has ended.
pub(crate) async fn run(spool: Arc<Spool>, ledger: Arc<Ledger>, ended: CancellationToken) {
    let trouble = "counts can't be written and wait in memory, or the spool can't be measured";
    recurring::every(EVERY, ended, trouble, move || look(&spool, &ledger)).await;
}

fn look(spool: &Spool, ledger: &Ledger) -> Result<(), Error> {
    let measured = spool.measure();
    if let Ok(room) = spool.room() {
        COLLECTOR_DISK_FREE.set(room.free_bytes as f64, &[]);
        COLLECTOR_INODES_FREE.set(room.free_inodes as f64, &[]);
    }
    ledger.flush()?;
    measured
}
