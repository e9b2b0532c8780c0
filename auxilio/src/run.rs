//! `auxilio run ROLE...`: roles in one process, on parts that somebody else runs.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auxilio_service::environment::Environment;
use auxilio_service::{Shell, Shutdown, log, metrics};

use crate::cli::{Place, Role, RunOptions};
use crate::config::Config;
use crate::crate_version::VERSION;
use crate::installation::Installation;
use crate::roles::{self, Parts};

pub(crate) fn perform(
    place: &Place,
    options: &RunOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config;
    log::init(&config.log)?;
    metrics::install().context("metrics can't be counted")?;
    let mut roles = options.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    let runtime = runtime()?;
    let ended = runtime.block_on(run_roles(roles, config));
    runtime.shutdown_timeout(Duration::from_secs(2));
    ended.map(|()| ExitCode::SUCCESS)
}

/// Threads for blocking work, made when they are needed. Each slot of a worker loop keeps one while
/// its item runs, eight for each stack walker, and what an item or a request calls may need one
/// more: with the usual 512, the slots of a machine of 62 cores would leave none.
const BLOCKING_THREADS_MAX: usize = 8_192;

/// The runtime that roles run on.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().max_blocking_threads(BLOCKING_THREADS_MAX).build()
}

/// Runs the roles; the first that fails stops the others, so that whoever started us sees it.
async fn run_roles(roles: Vec<Role>, config: Config) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals(Duration::from_secs(config.service.shutdown_deadline_secs))?;
    let parts = Arc::new(Parts::open(Arc::new(config))?);
    let mut running = tokio::task::JoinSet::new();
    for role in roles {
        let shell = Shell::new(role.as_str(), VERSION, shutdown.clone());
        let parts = Arc::clone(&parts);
        running.spawn(async move {
            roles::run(role, parts, shell)
                .await
                .with_context(|| format!("the {} failed", role.as_str()))
        });
    }
    let mut first_error = None;
    while let Some(ended) = running.join_next().await {
        shutdown.begin();
        let ended = ended.context("a role panicked").and_then(|result| result);
        first_error = first_error.or(ended.err());
    }
    first_error.map_or(Ok(()), Err)
}
