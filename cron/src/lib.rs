//! Cron: periodic work. The summaries of each day, partitions, duplicates, server status, builds and
//! users that are read in, extracts, expiry, and crashes that were forgotten.
//!
//! Each job has a schedule; a point of time at which it is due is a **slot**. Postgres holds how far
//! each job has come: the next slot is the one after the last that was done, so a slot that failed or
//! was missed is never passed over. A slot is leased before it is worked on, so of several cron
//! processes one does it; when that one dies its lease runs out, and the slot is done again. What a job
//! does is the same done twice as done once.
//!
//! - `table`: the jobs, their schedules, what they wait for, how long they may take;
//! - [`Engine`]: which slots are due, and one try at one of them;
//! - `jobs`: what each job does;
//! - `nightly`: all of a day at once, for a person.
//!
//! What this crate deliberately is not: it counts nothing itself, for summaries are stored procedures;
//! and no crash needs it to come in and be processed.

mod admin;
mod config;
mod engine;
mod imports;
mod jobs;
mod nightly;
mod schedule;
mod table;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auxilio_common::Day;
use auxilio_database::Database;
use auxilio_service::backoff::Backoff;
use auxilio_service::{BoxError, Shell, error_chain, http, metrics};
use tokio::task::JoinSet;

pub use crate::config::{Config, ConfigError};
pub use crate::engine::{Due, Engine, JobView, Tried};
pub use crate::jobs::JobError;
pub use crate::nightly::Step;

/// The longest wait between two tries to reach Postgres.
const CONNECT_PAUSE_MAX: Duration = Duration::from_secs(10);

/// Brings crashes of a day back that the store has and Postgres has forgotten. Whoever knows the store
/// implements it.
#[async_trait]
pub trait BringBack: Send + Sync {
    /// Queues them, and returns how many.
    async fn bring_back(&self, day: Day) -> Result<u64, BoxError>;
}

/// Why cron could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin address can't be listened on.
    #[error("can't serve cron's admin address")]
    Listen(#[from] http::ListenError),
    /// The section `cron` can't be followed.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Runs the role until the first stage of shutdown; what is held may end until the second.
pub async fn run(
    config: Config,
    database: Database,
    bring_back: Arc<dyn BringBack>,
    shell: Shell,
) -> Result<(), Error> {
    let (slots, poll) = (config.slots.max(1), Duration::from_secs(config.poll_secs.max(1)));
    let listener = http::listen(config.admin_address, &shell).await?;
    shell
        .health
        .depends_on_part("postgres", &database, |database| async move { database.check().await });
    let engine = Arc::new(Engine::new(
        config,
        database,
        bring_back,
        Arc::clone(&shell.clock),
        Arc::clone(&shell.random),
    )?);
    let router = admin::router(Arc::clone(&engine));
    let server = {
        let shell = shell.clone();
        tokio::spawn(async move { http::serve(listener, router, &shell).await })
    };
    follow(&engine, slots, poll, &shell).await;
    if let Err(error) = server.await {
        tracing::error!(error = error_chain(&error), "the admin server failed");
    }
    Ok(())
}

/// Starts what is due, as far as slots are free, until told to stop.
async fn follow(engine: &Arc<Engine>, slots: usize, poll: Duration, shell: &Shell) {
    let mut backoff = Backoff::new(Duration::from_millis(200), CONNECT_PAUSE_MAX);
    let mut running: JoinSet<&'static str> = JoinSet::new();
    let mut held: Vec<&'static str> = Vec::new();
    while !shell.shutdown.stopping() {
        let pause = match engine.due().await {
            Ok(due) => {
                backoff.reset();
                for due in due {
                    if held.len() >= slots || held.contains(&due.job) {
                        continue;
                    }
                    held.push(due.job);
                    let (engine, hard) = (Arc::clone(engine), shell.shutdown.hard().clone());
                    running.spawn(async move {
                        tokio::select! {
                            tried = engine.attempt(&due) => tell(&due, &tried),
                            () = hard.cancelled() => {}
                        }
                        due.job
                    });
                }
                poll
            }
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "cron can't read what is due");
                backoff.next(&*shell.random)
            }
        };
        tokio::select! {
            Some(ended) = running.join_next() => free(&mut held, ended),
            _ = shell.shutdown.sleep(pause) => {}
        }
    }
    while let Some(ended) = running.join_next().await {
        free(&mut held, ended);
    }
}

/// A job that panicked is not known by name: all are free again, and the leases keep them apart.
fn free(held: &mut Vec<&'static str>, ended: Result<&'static str, tokio::task::JoinError>) {
    match ended {
        Ok(job) => held.retain(|name| *name != job),
        Err(error) => {
            tracing::error!(%error, "a job panicked");
            held.clear();
        }
    }
}

fn tell(due: &Due, tried: &Result<Tried, auxilio_database::Error>) {
    let slot = due.slot.to_string();
    let outcome = match tried {
        Ok(Tried::Done(count)) => {
            tracing::info!(job = due.job, slot, count, "a slot is done");
            "done"
        }
        Ok(Tried::Failed(error)) => {
            tracing::warn!(job = due.job, slot, error, "a slot failed");
            "failed"
        }
        Ok(Tried::Lost) => {
            tracing::warn!(job = due.job, slot, "the lease of a slot was lost");
            "lost"
        }
        Ok(Tried::Taken) => return,
        Err(error) => {
            tracing::warn!(job = due.job, slot, error = error_chain(error), "a slot was left");
            "left"
        }
    };
    metrics::CRON_RUNS.add(1, &[due.job, outcome]);
}
