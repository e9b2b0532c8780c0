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

/// After so many failures of a batch its rows are tried one by one.
const TOGETHER_TRIES_MAX: u32 = 3;

/// So many rows that fail one after the other say that it is not the rows.
const ALONE_FAILURES_MAX: usize = 3;

/// How long the first of a batch waits for others. It delays a crash only where many are processed
/// side by side, and then by less than they delay each other.
const GATHER_TIME_MAX: Duration = Duration::from_millis(10);

/// A finished job that waits for its answer.
struct Waiting {
    run: FinishedRun,
    answer: oneshot::Sender<Result<Completion, Setback>>,
}

impl Waiting {
    /// Tells the answer; nobody may wait for it any more.
    fn tell(self, answer: Result<Completion, Setback>) {
        let _told = self.answer.send(answer);
    }
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
            save_all(std::mem::take(&mut batch), &mut queue, database, shell).await;
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

/// Saves a batch, again and again while the database is away. Whoever comes meanwhile joins it: a row
/// that is not saved holds nobody up for longer than it takes to see that others are.
async fn save_all(
    mut batch: Vec<Waiting>,
    queue: &mut mpsc::Receiver<Waiting>,
    database: &Database,
    shell: &Shell,
) {
    let mut backoff = Backoff::new(Duration::from_millis(100), BACKOFF_MAX);
    let mut failures = 0;
    loop {
        while batch.len() < limits::SAVED_TOGETHER_MAX
            && let Ok(waiting) = queue.try_recv()
        {
            batch.push(waiting);
        }
        // Who lost the lease waits no more.
        batch.retain(|waiting| !waiting.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        if failures >= TOGETHER_TRIES_MAX {
            batch = save_each(batch, database).await;
        } else {
            batch = save_together(batch, database).await;
        }
        if batch.is_empty() {
            return;
        }
        failures += 1;
        tokio::time::sleep(backoff.next(&*shell.random)).await;
    }
}

/// Saves a batch in one call; gives it back if trying again may help.
async fn save_together(batch: Vec<Waiting>, database: &Database) -> Vec<Waiting> {
    let runs = batch.iter().map(|waiting| waiting.run.clone()).collect();
    match database.save_reports(runs).await {
        Ok(answers) => {
            for (waiting, answer) in batch.into_iter().zip(answers) {
                waiting.tell(answer.map_err(Setback::Database));
            }
            Vec::new()
        }
        Err(error) if error.class() == Class::Retry => {
            let error = error_chain(&error);
            tracing::warn!(jobs = batch.len(), error, "the ends of jobs can't be told yet");
            batch
        }
        Err(error) => {
            let reason = error_chain(&error);
            for waiting in batch {
                waiting.tell(Err(Setback::Passing(reason.clone())));
            }
            Vec::new()
        }
    }
}

/// Saves the rows of a batch one by one. If some are saved and others are not, the database is there and
/// the trouble is the others' own (a locked or damaged part of a table): their jobs go back, to come again
/// after pauses that grow. If none is, gives all back, those first that were not tried.
async fn save_each(batch: Vec<Waiting>, database: &Database) -> Vec<Waiting> {
    let (mut is_there, mut failed) = (false, Vec::new());
    let mut batch = batch.into_iter();
    while (is_there || failed.len() < ALONE_FAILURES_MAX)
        && let Some(waiting) = batch.next()
    {
        let mut alone = save_together(vec![waiting], database).await;
        is_there |= alone.is_empty();
        failed.append(&mut alone);
    }
    if !is_there {
        return batch.chain(failed).collect();
    }
    for waiting in failed {
        let reason = "its row can't be saved, while those of others can".to_owned();
        waiting.tell(Err(Setback::Passing(reason)));
    }
    Vec::new()
}
