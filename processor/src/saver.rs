//! Saving the rows of finished jobs together: while one call to the database is under way, whatever
//! finishes meanwhile waits and goes with the next. A call costs a commit, whose flush is the same
//! for one row and for many, and most of its CPU is the same too. So while many jobs are in hand,
//! the first of a batch waits a moment for those that are about to finish.

use std::time::Duration;

use auxilio_common::limits;
use auxilio_database::{Class, Completion, Database, FinishedRun};
use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, error_chain};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::leases::Leases;
use crate::setback::Setback;

/// The longest wait before ends are told to the database again.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How long the first of a batch waits for others. It delays a crash only where many are processed
/// side by side, and then by less than they delay each other.
const GATHER_TIME_MAX: Duration = Duration::from_millis(10);

/// A finished job that waits for its answer.
struct Waiting {
    run: FinishedRun,
    answer: oneshot::Sender<Result<Completion, Setback>>,
}

/// Takes finished jobs from all sides to the database.
pub(crate) struct Saver {
    sender: mpsc::Sender<Waiting>,
    queue: Mutex<mpsc::Receiver<Waiting>>,
}

impl Saver {
    pub(crate) fn new() -> Self {
        let (sender, queue) = mpsc::channel(limits::SAVED_TOGETHER_MAX);
        Self { sender, queue: Mutex::new(queue) }
    }

    /// Saves a row and ends its job. It takes until the database has it: the work is done, and nobody
    /// else can take the job meanwhile. Whoever stops waiting takes it back, if it is not on its way.
    pub(crate) async fn save(&self, run: FinishedRun) -> Result<Completion, Setback> {
        let (answer, answered) = oneshot::channel();
        // The other side is ours as well, so it is never closed.
        let _sent = self.sender.send(Waiting { run, answer }).await;
        let stopped = |_| Setback::Passing("the processor stops".to_owned());
        answered.await.unwrap_or_else(|gone| Err(stopped(gone)))
    }

    /// Serves those who wait, for ever.
    pub(crate) async fn keep(&self, database: &Database, leases: &Leases, shell: &Shell) {
        let mut queue = self.queue.lock().await;
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, limits::SAVED_TOGETHER_MAX).await > 0 {
            // A batch that is cut short in time is as good as a full one.
            let gathering = gather(&mut queue, &mut batch, leases);
            let _in_time = tokio::time::timeout(GATHER_TIME_MAX, gathering).await;
            save_all(std::mem::take(&mut batch), database, shell).await;
        }
    }
}

/// Takes more until the batch has half of the jobs that are in hand: the other half is at work.
async fn gather(queue: &mut mpsc::Receiver<Waiting>, batch: &mut Vec<Waiting>, leases: &Leases) {
    while batch.len() < (leases.count() / 2).min(limits::SAVED_TOGETHER_MAX)
        && let Some(waiting) = queue.recv().await
    {
        batch.push(waiting);
    }
}

/// Saves a batch, again and again while the database is away.
async fn save_all(mut batch: Vec<Waiting>, database: &Database, shell: &Shell) {
    let mut backoff = Backoff::new(Duration::from_millis(100), BACKOFF_MAX);
    loop {
        // Who lost the lease waits no more.
        batch.retain(|waiting| !waiting.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let runs = batch.iter().map(|waiting| waiting.run.clone()).collect();
        match database.save_reports(runs).await {
            Ok(answers) => {
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    // Nobody may wait for it any more.
                    let _told = waiting.answer.send(answer.map_err(Setback::Database));
                }
                return;
            }
            Err(error) if error.class() == Class::Retry => {
                tracing::warn!(
                    jobs = batch.len(),
                    error = error_chain(&error),
                    "the ends of jobs can't be told yet"
                );
                tokio::time::sleep(backoff.next(&*shell.random)).await;
            }
            Err(error) => {
                let reason = error_chain(&error);
                for waiting in batch {
                    let _told = waiting.answer.send(Err(Setback::Passing(reason.clone())));
                }
                return;
            }
        }
    }
}
