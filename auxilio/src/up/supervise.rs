//! Keeping parts running: a role that fails starts again, after a wait, and ends nobody else.

use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_service::clock::SystemRandom;
use auxilio_service::{Shell, Shutdown};

use super::sidecar::Sidecar;
use crate::cli::Role;
use crate::config::Config;
use crate::crate_version::VERSION;
use crate::roles::{self, Parts};

/// The longest wait before a failed part starts again.
const RESTART_WAIT_MAX: Duration = Duration::from_secs(30);

/// Between two looks at whether a server still runs.
const SIDECAR_LOOK: Duration = Duration::from_millis(500);

fn restarts() -> Backoff {
    Backoff::new(Duration::from_millis(500), RESTART_WAIT_MAX)
}

/// Runs a role until the shutdown, however often it fails.
pub(crate) async fn keep_role(role: Role, parts: Arc<Parts>, shutdown: Shutdown) {
    let mut backoff = restarts();
    while !shutdown.stopping() {
        let shell = Shell::new(role.as_str(), VERSION, shutdown.clone());
        // In a task of its own, so that a panic ends this try alone.
        let running = tokio::spawn(roles::run(role, Arc::clone(&parts), shell));
        match running.await {
            Ok(Ok(())) if shutdown.stopping() => break,
            Ok(Ok(())) => tracing::error!(role = role.as_str(), "the role ended by itself"),
            Ok(Err(error)) => tracing::error!(
                role = role.as_str(),
                error = format!("{error:#}"),
                "the role failed"
            ),
            Err(error) => tracing::error!(role = role.as_str(), %error, "the role panicked"),
        }
        shutdown.sleep(backoff.next(&SystemRandom)).await;
    }
}

/// Waits until every address takes connections; false if the shutdown comes first.
pub(crate) async fn wait_listening(config: &Config, shutdown: &Shutdown) -> bool {
    for (_, address) in config.addresses() {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if !shutdown.sleep(Duration::from_millis(20)).await {
                return false;
            }
        }
    }
    !shutdown.stopping()
}

/// Restarts a server when it ends by itself, and stops it at the shutdown.
pub(crate) async fn keep_sidecar(
    sidecar: Arc<dyn Sidecar>,
    mut child: Child,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let mut backoff = restarts();
    while shutdown.sleep(SIDECAR_LOOK).await {
        let Some(status) = child.try_wait()? else { continue };
        tracing::error!(%status, "{} ended by itself", sidecar.name());
        if !shutdown.sleep(backoff.next(&SystemRandom)).await {
            return Ok(());
        }
        match sidecar.start() {
            Ok(started) => child = started,
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "{} could not be started again",
                    sidecar.name()
                );
            }
        }
    }
    tokio::task::spawn_blocking(move || sidecar.stop(&mut child)).await?
}
