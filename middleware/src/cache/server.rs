//! One server of memcached, left alone after its first failure until it answers a probe.
//!
//! Nobody waits for it longer than its time, and after one failure nobody waits at all: whether it
//! is back is found out beside the requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_service::backoff::Backoff;
use auxilio_service::{Shell, metrics};
use bytes::Bytes;
use memcache::exp::{AsyncMetaClient, Error, MetaClientBuilder, Ttl};

use super::Found;

/// Connections to one server: more requests than this wait, within their time.
const CONNECTIONS_MAX: usize = 64;

/// Connections that are kept while nothing is asked.
const CONNECTIONS_IDLE_MAX: usize = 8;

/// Pauses between two probes: from the first to the longest.
const PROBE_PAUSE_MIN: Duration = Duration::from_secs(1);
const PROBE_PAUSE_MAX: Duration = Duration::from_secs(15);

/// What a probe asks for: whether it is there or not, a server that is well says so.
const PROBE: &str = "ax:probe";

/// A server. Clones share it.
#[derive(Clone)]
pub(super) struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    address: String,
    time_max: Duration,
    /// Its addresses are looked up at the first use, and anew after a failure.
    client: Mutex<Option<AsyncMetaClient>>,
    down: AtomicBool,
    shell: Shell,
}

/// Why a call has no answer. Never what the server sent: that may be a piece of another answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The time is over.
    Slow,
    /// There is no connection, or it broke.
    Connection,
    /// The server can't do what was asked: it has no room, or the value is too large for it.
    Refused,
    /// What it said is no answer.
    Rubbish,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Timeout { .. } => Self::Slow,
            Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Self::Slow,
            Error::Io(_) => Self::Connection,
            Error::Ambiguous { source, .. } => (*source).into(),
            Error::Server(_) => Self::Refused,
            _ => Self::Rubbish,
        }
    }
}

impl Server {
    pub(super) fn new(address: &str, time_max: Duration, shell: &Shell) -> Self {
        let inner = Inner {
            address: address.to_owned(),
            time_max,
            client: Mutex::new(None),
            down: AtomicBool::new(false),
            shell: shell.clone(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) async fn get(&self, name: &str) -> Found {
        if self.inner.down.load(Ordering::Relaxed) {
            return Found::Skipped;
        }
        match self.inner.read(name).await {
            Ok(Some(value)) => Found::Value(value.into()),
            Ok(None) => Found::Nothing,
            Err(trouble) => {
                self.leave_alone(trouble);
                Found::Failed
            }
        }
    }

    pub(super) async fn set(&self, name: &str, value: &Bytes, time: Duration) -> &'static str {
        if self.inner.down.load(Ordering::Relaxed) {
            return "skipped";
        }
        match self.inner.write(name, value, time).await {
            Ok(()) => "stored",
            // It is full, but well.
            Err(Trouble::Refused) => "refused",
            Err(trouble) => {
                self.leave_alone(trouble);
                "failed"
            }
        }
    }

    /// Asks it for nothing more until it answers a probe.
    fn leave_alone(&self, trouble: Trouble) {
        if self.inner.down.swap(true, Ordering::Relaxed) {
            return;
        }
        let address = &self.inner.address;
        tracing::warn!(address, ?trouble, "memcached is left alone until it answers again");
        metrics::MIDDLEWARE_CACHE_DOWN.shift(1.0, &[]);
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.wait_until_well().await });
    }
}

impl Inner {
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.in_time(async {
            let client = self.client().await?;
            Ok(client.get(name).send().await?.value)
        })
        .await
    }

    async fn write(&self, name: &str, value: &Bytes, time: Duration) -> Result<(), Trouble> {
        let secs = u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1);
        self.in_time(async {
            let client = self.client().await?;
            client.set(name, value).ttl(Ttl::secs(secs)).send().await?;
            Ok(())
        })
        .await
    }

    /// Bounds a call with all its parts; a connection that is left in the middle is closed.
    async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        tokio::time::timeout(self.time_max, call).await.unwrap_or(Err(Trouble::Slow))
    }

    async fn client(&self) -> Result<AsyncMetaClient, Trouble> {
        if let Some(client) = self.kept().as_ref() {
            return Ok(client.clone());
        }
        let client = MetaClientBuilder::new()
            .max_connections(Some(CONNECTIONS_MAX))
            .max_idle(CONNECTIONS_IDLE_MAX)
            .connect_timeout(Some(self.time_max))
            .io_timeout(Some(self.time_max))
            .connect_async(self.address.as_str())
            .await?;
        Ok(self.kept().get_or_insert(client).clone())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<AsyncMetaClient>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait_until_well(&self) {
        let mut pauses = Backoff::new(PROBE_PAUSE_MIN, PROBE_PAUSE_MAX);
        loop {
            // Addresses may have changed, and connections from before are of no use.
            *self.kept() = None;
            let pause = pauses.next(&*self.shell.random);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shell.shutdown.soft().cancelled() => return,
            }
            if self.read(PROBE).await.is_ok() {
                break;
            }
        }
        self.down.store(false, Ordering::Relaxed);
        metrics::MIDDLEWARE_CACHE_DOWN.shift(-1.0, &[]);
        tracing::info!(address = self.address, "memcached answers again");
    }
}
