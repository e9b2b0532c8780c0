//! The cache in front of store and Postgres: good answers alone, made once for all who ask at once.
//!
//! It is memcached where one is configured, else a bounded one in this process. It may lose anything
//! at any time: what it doesn't have is made anew, and what it has is used only if its checksum says
//! that it is the answer to this very question ([`value`]).

mod flights;
mod key;
mod local;
mod memcached;
mod server;
mod value;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Generation;
use auxilio_common::fields::Permission;
use auxilio_service::{Shell, metrics};
use bytes::Bytes;
use tokio::sync::Semaphore;

use self::flights::Flights;
use self::key::{Key, Keys};
use self::local::Local;
use self::memcached::Memcached;
use crate::Config;
use crate::answer::{Answer, Refusal};

/// Answers on their way into the cache: each may be some MiB. More at once are not kept.
const STORES_AT_ONCE_MAX: usize = 8;

/// The cache. Clones share it.
#[derive(Clone)]
pub(crate) struct Cache {
    keys: Arc<Keys>,
    place: Place,
    flights: Flights,
    stores: Arc<Semaphore>,
    value_bytes_max: usize,
}

/// Where values lie.
#[derive(Clone)]
enum Place {
    Local(Arc<Local>),
    Memcached(Arc<Memcached>),
}

/// What a look-up found.
enum Found {
    Value(Bytes),
    Nothing,
    Failed,
    Skipped,
}

/// What was made for want of a cached answer.
pub(crate) struct Made {
    /// The answer; `None` if there is no such thing.
    pub answer: Option<Answer>,
    /// Whether it is what the key says, and may be kept.
    pub keep: bool,
}

/// What an answer is the answer to.
pub(crate) struct Question<'a> {
    /// The resource.
    pub resource: &'a str,
    /// The request, in one spelling of all that mean the same.
    pub request: &'a str,
    /// What the reader may see.
    pub rights: Permission,
    /// For a crash: the generation of its report.
    pub generation: Option<Generation>,
}

impl Cache {
    /// The cache that the settings ask for. Nothing is connected yet.
    pub(crate) fn new(config: &Config, shell: &Shell) -> Self {
        let place = if config.memcached_servers.is_empty() {
            Place::Local(Arc::new(Local::new(config, Arc::clone(&shell.clock))))
        } else {
            Place::Memcached(Arc::new(Memcached::new(config, shell)))
        };
        Self {
            keys: Arc::new(Keys::new(&config.memcached_namespace, shell.version)),
            place,
            flights: Flights::default(),
            stores: Arc::new(Semaphore::new(STORES_AT_ONCE_MAX)),
            value_bytes_max: config.cache_value_bytes_max,
        }
    }

    /// The answer to a question: from the cache, or made by `make` and kept for `time`.
    ///
    /// Who asks the same while it is made waits for the same answer. A `time` of nothing means that
    /// nothing is kept and nothing shared.
    pub(crate) async fn through<M>(
        &self,
        question: &Question<'_>,
        time: Duration,
        make: M,
    ) -> Result<Option<Answer>, Refusal>
    where
        M: Future<Output = Result<Made, Refusal>> + Send + 'static,
    {
        if time.is_zero() {
            return make.await.map(|fresh| fresh.answer);
        }
        let key = self.keys.key(question);
        let cache = self.clone();
        let flight = async move {
            if let Some(answer) = cache.look_up(key).await {
                return Ok(Some(answer));
            }
            let Made { answer, keep } = make.await?;
            if let (Some(answer), true) = (&answer, keep) {
                cache.store(key, answer.clone(), time);
            }
            Ok(answer)
        };
        self.flights.join(key, flight).await
    }

    async fn look_up(&self, key: Key) -> Option<Answer> {
        let found = match &self.place {
            Place::Local(local) => local.get(key),
            Place::Memcached(memcached) => memcached.get(key).await,
        };
        let (answer, outcome) = match found {
            // Some MiB are unpacked: other requests go on meanwhile.
            Found::Value(value) => {
                let opened = tokio::task::spawn_blocking(move || value::open(key, &value)).await;
                match opened.ok().flatten() {
                    Some(answer) => (Some(answer), "hit"),
                    None => (None, "rubbish"),
                }
            }
            Found::Nothing => (None, "miss"),
            Found::Failed => (None, "failed"),
            Found::Skipped => (None, "skipped"),
        };
        metrics::MIDDLEWARE_CACHE_LOOKUPS.add(1, &[outcome]);
        answer
    }

    /// Keeps an answer, beside the request that made it: nobody waits for this.
    fn store(&self, key: Key, answer: Answer, time: Duration) {
        let Ok(permit) = Arc::clone(&self.stores).try_acquire_owned() else {
            metrics::MIDDLEWARE_CACHE_STORES.add(1, &["busy"]);
            return;
        };
        let cache = self.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let outcome = cache.store_now(key, answer, time).await;
            metrics::MIDDLEWARE_CACHE_STORES.add(1, &[outcome]);
        });
    }

    async fn store_now(&self, key: Key, answer: Answer, time: Duration) -> &'static str {
        let sealed = tokio::task::spawn_blocking(move || value::seal(key, &answer)).await;
        let Ok(Ok(sealed)) = sealed else { return "failed" };
        if sealed.len() > self.value_bytes_max {
            return "too_large";
        }
        match &self.place {
            Place::Local(local) => local.set(key, sealed, time),
            Place::Memcached(memcached) => memcached.set(key, &sealed, time).await,
        }
    }
}
