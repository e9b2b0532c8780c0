//! The builds that the database knows, read anew from time to time.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, limits};
use auxilio_database::Database;
use auxilio_service::error_chain;
use tokio::sync::Mutex;

use crate::builds::Builds;
use crate::setback::Setback;

/// What was read last, and when.
#[derive(Debug, Default)]
pub(crate) struct KnownBuilds(Mutex<Option<Read>>);

#[derive(Clone, Debug)]
struct Read {
    builds: Arc<Builds>,
    at: Duration,
}

impl KnownBuilds {
    /// The builds as they were known a minute ago at most. While the database is away, as they were
    /// known last; a crash waits only if they never were.
    pub(crate) async fn current(
        &self,
        database: &Database,
        clock: &dyn Clock,
    ) -> Result<Arc<Builds>, Setback> {
        // Whoever comes while another reads waits for it: one look is enough for all.
        let mut last = self.0.lock().await;
        let now = clock.monotonic();
        if let Some(read) = &*last
            && now.saturating_sub(read.at) < limits::BUILDS_KNOWN_FOR
        {
            return Ok(Arc::clone(&read.builds));
        }
        let betas = match database.known_betas().await {
            Ok(betas) => betas,
            Err(error) => {
                let error = error_chain(&error);
                let Some(read) = &mut *last else {
                    return Err(Setback::Passing(format!("builds can't be looked up: {error}")));
                };
                tracing::warn!(error, "builds can't be looked up: the last known ones are used");
                read.at = now;
                return Ok(Arc::clone(&read.builds));
            }
        };
        let mut builds = Builds::default();
        for beta in betas {
            builds.add(&beta.product, &beta.channel, &beta.build_id, &beta.version);
        }
        let builds = Arc::new(builds);
        *last = Some(Read { builds: Arc::clone(&builds), at: now });
        Ok(builds)
    }
}
