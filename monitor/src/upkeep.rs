//! Upkeep: expired leases, dead processors, and partitions ahead of the days that need them.

use std::time::Duration;

use auxilio_database::Error;
use auxilio_service::{error_chain, metrics};
use tokio::time::Instant;

use crate::active::Active;

/// Time between two looks at the partitions ahead.
const PARTITIONS_EVERY: Duration = Duration::from_hours(1);

impl Active<'_> {
    /// Sweeps and makes partitions until the future is dropped.
    pub(crate) async fn keep_house(&self) {
        // While Postgres was away no processor could give a sign of life or renew a lease: each
        // gets the time to do so before it is taken for dead.
        let sweeps_begin = Instant::now() + self.config.dead_after();
        let mut partitions_due = Instant::now();
        loop {
            if Instant::now() >= partitions_due && self.make_partitions().await {
                partitions_due = Instant::now() + PARTITIONS_EVERY;
            }
            if Instant::now() >= sweeps_begin
                && let Err(error) = self.sweep().await
            {
                tracing::warn!(error = error_chain(&error), "leases could not be swept");
            }
            tokio::time::sleep(self.config.sweep_every()).await;
        }
    }

    async fn make_partitions(&self) -> bool {
        match self.intake.database().ensure_partitions_ahead().await {
            Ok(0) => true,
            Ok(made) => {
                tracing::info!(made, "partitions were made ahead");
                true
            }
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "partitions could not be made ahead");
                false
            }
        }
    }

    async fn sweep(&self) -> Result<(), Error> {
        let swept = self.intake.database().sweep_jobs(self.config.dead_after()).await?;
        metrics::MONITOR_LEASES_LOST.add(swept.lost_leases, &[]);
        if swept.dead_processors > 0 || swept.lost_leases > 0 {
            tracing::warn!(
                dead_processors = swept.dead_processors,
                lost_leases = swept.lost_leases,
                "jobs were taken back"
            );
        }
        Ok(())
    }
}
