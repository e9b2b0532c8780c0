//! SIGHUP, by which services are asked to read their files again.

use std::io::IsTerminal;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hang-ups as they come.
#[derive(Debug)]
pub struct Hangup(Option<Signal>);

impl Hangup {
    /// Listens, if standard error is no terminal: on one a hang-up keeps its meaning, the end.
    pub fn listen() -> std::io::Result<Self> {
        if std::io::stderr().is_terminal() {
            return Ok(Self(None));
        }
        signal(SignalKind::hangup()).map(Some).map(Self)
    }

    /// Resolves at the next one; never, if nobody listens.
    pub async fn received(&mut self) {
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
