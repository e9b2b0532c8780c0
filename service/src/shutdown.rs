//! Shutdown in two stages: first take nothing new and finish what is held, then cut.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stages, shared by all parts of a process.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    /// Nothing is stopping yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves when nothing new may be taken.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Resolves when what is held must be dropped.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether the first stage has begun.
    pub fn stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Begins the first stage.
    pub fn begin(&self) {
        self.soft.cancel();
    }

    /// Begins the second stage.
    pub fn cut(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// A part of this shutdown that can be stopped alone, and stops with the whole.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { soft: self.soft.child_token(), hard: self.hard.child_token() }
    }

    /// Sleeps, unless the first stage begins; says whether the whole time passed.
    pub async fn sleep(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.soft.cancelled() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    /// Turns SIGTERM and SIGINT into the stages: the first signal begins; a second one, or the
    /// deadline after the first, cuts.
    pub fn on_signals(&self, deadline: Duration) -> Result<(), std::io::Error> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = received(&mut terminate, &mut interrupt) => {
                    tracing::info!(deadline_secs = deadline.as_secs(), "stopping: finishing what is held");
                }
                () = shutdown.soft.cancelled() => {}
            }
            shutdown.begin();
            tokio::select! {
                () = received(&mut terminate, &mut interrupt) => tracing::warn!("second signal: cutting"),
                () = tokio::time::sleep(deadline) => tracing::warn!("the deadline has passed: cutting"),
                () = shutdown.hard.cancelled() => {}
            }
            shutdown.cut();
        });
        Ok(())
    }
}

async fn received(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
