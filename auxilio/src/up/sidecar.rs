//! Servers of other people's that run beside the roles: started in order, watched, and stopped the
//! other way round, each by its process id.

use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use auxilio_service::Shutdown;
use tokio::task::JoinHandle;

use super::supervise;

/// A server that `up` starts.
pub(crate) trait Sidecar: Send + Sync {
    /// What messages call it.
    fn name(&self) -> &'static str;

    /// Where its last words are.
    fn words(&self) -> String;

    /// Starts it as a child in a process group of its own: a Ctrl-C of the terminal is for us, who
    /// stop it when everything that needs it has ended.
    fn start(&self) -> anyhow::Result<Child>;

    /// Stops it, by force if that takes too long. Ended already is fine.
    fn stop(&self, child: &mut Child) -> anyhow::Result<()>;
}

/// What runs. It has to be stopped: dropping it leaves the servers to themselves.
#[derive(Default)]
pub(crate) struct Sidecars {
    started: Vec<(Arc<dyn Sidecar>, Child)>,
    kept: Vec<(Shutdown, JoinHandle<anyhow::Result<()>>)>,
}

impl Sidecars {
    /// Starts one more.
    pub(crate) fn start(&mut self, sidecar: Arc<dyn Sidecar>) -> anyhow::Result<()> {
        let child = sidecar.start().with_context(|| format!("can't start {}", sidecar.name()))?;
        self.started.push((sidecar, child));
        Ok(())
    }

    /// Waits until something is true of what was started; false if the shutdown comes first.
    pub(crate) async fn wait(
        &mut self,
        what: &str,
        time_max: Duration,
        shutdown: &Shutdown,
        is_true: impl Fn() -> bool,
    ) -> anyhow::Result<bool> {
        let step = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        while !tokio::task::block_in_place(&is_true) {
            self.check_running()?;
            if waited >= time_max {
                bail!("{what} did not come within {} s", time_max.as_secs());
            }
            if !shutdown.sleep(step).await {
                return Ok(false);
            }
            waited += step;
        }
        Ok(true)
    }

    /// From here on what ends by itself is started again.
    pub(crate) fn keep(&mut self) {
        for (sidecar, child) in self.started.drain(..) {
            // They outlive the roles: each has a shutdown of its own.
            let shutdown = Shutdown::new();
            let keeper = tokio::spawn(supervise::keep_sidecar(sidecar, child, shutdown.clone()));
            self.kept.push((shutdown, keeper));
        }
    }

    /// Stops all, the last one first, also after one could not be stopped.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let mut ended = Ok(());
        for (sidecar, mut child) in self.started.into_iter().rev() {
            ended = tokio::task::block_in_place(|| sidecar.stop(&mut child)).and(ended);
        }
        for (shutdown, keeper) in self.kept.into_iter().rev() {
            shutdown.begin();
            ended = keeper.await.context("the keeper of a server failed")?.and(ended);
        }
        ended
    }

    fn check_running(&mut self) -> anyhow::Result<()> {
        for (sidecar, child) in &mut self.started {
            if let Some(status) = child.try_wait()? {
                bail!(
                    "{} ended at its start ({status}); its last words are in \"{}\"",
                    sidecar.name(),
                    sidecar.words()
                );
            }
        }
        Ok(())
    }
}
