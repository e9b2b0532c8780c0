//! Being known as a processor: registered at the start, again whenever it was taken for dead, with
//! signs of life in between, and a good-bye at the end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::Lane;
use auxilio_database::{Database, Error, ProcessorId};
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain};
use tokio::sync::Notify;

/// This processor's entry among the processors.
pub(crate) struct Registration {
    name: String,
    capacity: usize,
    lanes: Vec<Lane>,
    id: Mutex<Option<ProcessorId>>,
    registered: Notify,
    forgotten: Notify,
}

impl Registration {
    pub(crate) fn new(name: String, capacity: usize, lanes: &[Lane]) -> Self {
        Self {
            name,
            capacity,
            lanes: lanes.to_vec(),
            id: Mutex::default(),
            registered: Notify::new(),
            forgotten: Notify::new(),
        }
    }

    /// The name in envelopes and in the table of processors.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number; `None` while it is not registered.
    pub(crate) fn id(&self) -> Option<ProcessorId> {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a number that the database does not know any more.
    pub(crate) fn forget(&self, unknown: ProcessorId) {
        let mut id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if *id == Some(unknown) {
            *id = None;
            self.forgotten.notify_one();
        }
    }

    /// Resolves at the next registration.
    pub(crate) async fn registered(&self) {
        self.registered.notified().await;
    }

    /// Registers and gives signs of life, for ever.
    pub(crate) async fn keep(&self, database: &Database, pause: Duration, shell: &Shell) {
        let mut backoff =
            Backoff::new(Duration::from_millis(200), pause.max(Duration::from_secs(5)));
        loop {
            let wait = match self.beat(database).await {
                Ok(()) => {
                    backoff.reset();
                    pause
                }
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "no sign of life could be given");
                    backoff.next(&*shell.random)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.forgotten.notified() => {}
            }
        }
    }

    async fn beat(&self, database: &Database) -> Result<(), Error> {
        if let Some(id) = self.id() {
            if database.heartbeat_processor(id).await? {
                return Ok(());
            }
            tracing::warn!(processor = id.0, "taken for dead: registering anew");
        }
        let id = database.register_processor(&self.name, self.capacity, &self.lanes).await?;
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        self.registered.notify_waiters();
        tracing::info!(processor = id.0, name = self.name, "registered");
        Ok(())
    }

    /// Says good-bye, which gives back whatever is still held.
    pub(crate) async fn leave(&self, database: &Database) {
        let Some(id) = self.id() else { return };
        match database.leave_processor(id).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "gave back what was still held"),
            Err(error) => {
                // The leases run out, and the jobs come back by that.
                tracing::warn!(error = error_chain(&error), "no good-bye could be said");
            }
        }
    }
}
