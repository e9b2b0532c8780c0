//! Health: what a role depends on, asked when somebody asks.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::error_chain;

/// Time that one dependency may take to answer: a load balancer waits no longer.
const CHECK_TIME_MAX: Duration = Duration::from_secs(3);

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> CheckFuture + Send + Sync>;
type Checks = Vec<(Cow<'static, str>, Check)>;

/// The dependencies of one role.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<Checks>>,
}

/// A dependency that is not well.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Trouble {
    /// The dependency.
    pub name: Cow<'static, str>,
    /// What is wrong; it never holds a secret.
    pub msg: String,
}

impl Health {
    /// Adds or replaces a dependency. `check` is run at each request for the heartbeat.
    pub fn depends_on<F, R>(&self, name: impl Into<Cow<'static, str>>, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        let name = name.into();
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.retain(|(known, _)| *known != name);
        checks.push((name, check));
    }

    /// Adds or replaces a dependency that can be asked itself, by a copy of its handle. An error is
    /// told with its causes.
    pub fn depends_on_part<T, F, R, E>(&self, name: &'static str, part: &T, ask: F)
    where
        T: Clone + Send + Sync + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + 'static,
    {
        let part = part.clone();
        self.depends_on(name, move || {
            let answer = ask(part.clone());
            async move { answer.await.map_err(|error| error_chain(&error)) }
        });
    }

    /// Asks all dependencies, one after another; each has a bound on its time.
    pub async fn troubles(&self) -> Vec<Trouble> {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut troubles = Vec::new();
        for (name, check) in checks {
            let answer = tokio::time::timeout(CHECK_TIME_MAX, check()).await;
            match answer {
                Ok(Ok(())) => {}
                Ok(Err(msg)) => troubles.push(Trouble { name, msg }),
                Err(_) => troubles.push(Trouble { name, msg: "no answer in time".into() }),
            }
        }
        troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn troubles_are_named() {
        let health = Health::default();
        health.depends_on("store", || async { Ok(()) });
        health.depends_on("postgres", || async { Err("refused".to_owned()) });
        let expected = Trouble { name: "postgres".into(), msg: "refused".into() };
        assert_eq!(health.troubles().await, [expected]);
        health.depends_on("postgres", || async { Ok(()) });
        assert_eq!(health.troubles().await, []);
    }
}
