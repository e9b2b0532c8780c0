//! The client: calls from async code, made on threads of its own.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, Random};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::Config;
use crate::connection::Rpc;
use crate::dialer::Dialer;
use crate::error::Error;
use crate::job::{Spec, Typed};
use crate::lane::LANES;
use crate::observer::Observer;
use crate::pool::{Pool, Status};
use crate::together::{Line, Look, Write};

/// Time after which a waiting call sees to it that there is a thread for it.
const NUDGE: Duration = Duration::from_secs(1);

/// A client of one HBase cluster. Clones share everything; the last one ends the threads.
///
/// Every call has a deadline. A call whose future is dropped before its turn is not made; after that
/// it runs to its end unseen.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Arc<Pool>,
    /// The bytes that the calls of each lane may hold: rows that nobody serves can't use up what
    /// the others need.
    bytes: [Arc<Semaphore>; LANES],
    bytes_each: usize,
    request_bytes: usize,
    queue_timeout: Duration,
    table_prefix: String,
    looks: Line<Look>,
    writes: Line<Write>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.pool.close();
    }
}

impl Client {
    /// A client that connects when it is first used. Needs no runtime itself; its calls do.
    pub fn new(
        config: &Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        config.check()?;
        let dialer = Dialer::new(config, clock, Arc::clone(&random), observer)?;
        let pool = Pool::new(dialer, random, config.connections, config.call_timeout());
        let bytes_each = config.in_flight_bytes_max / LANES;
        Ok(Self {
            shared: Arc::new(Shared {
                pool: Arc::new(pool),
                bytes: std::array::from_fn(|_| Arc::new(Semaphore::new(bytes_each))),
                bytes_each,
                request_bytes: config.request_bytes(),
                queue_timeout: config.queue_timeout(),
                table_prefix: config.table_prefix.clone(),
                looks: Line::default(),
                writes: Line::default(),
            }),
        })
    }

    /// What it is doing now.
    pub fn status(&self) -> Status {
        self.shared.pool.status()
    }

    /// Bytes that the values of one request may have: what the gateway takes, and what calls on the
    /// same rows may hold together.
    pub fn value_bytes_max(&self) -> usize {
        self.shared.request_bytes.min(self.shared.bytes_each).saturating_sub(REQUEST_ROOM)
    }

    /// The monotonic time.
    pub(crate) fn now(&self) -> Duration {
        self.shared.pool.now()
    }

    pub(crate) fn looks(&self) -> &Line<Look> {
        &self.shared.looks
    }

    pub(crate) fn writes(&self) -> &Line<Write> {
        &self.shared.writes
    }

    /// A table's whole name.
    pub(crate) fn table(&self, name: &str) -> Vec<u8> {
        format!("{}{name}", self.shared.table_prefix).into_bytes()
    }

    /// Refuses a request that the gateway would not take.
    pub(crate) fn check_size(&self, call: &'static str, bytes: usize) -> Result<(), Error> {
        let limit = self.shared.request_bytes;
        if bytes > limit { Err(Error::TooLarge { call, bytes, limit }) } else { Ok(()) }
    }

    /// Makes a call that holds about `bytes` while it waits and runs.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        spec: Spec,
        bytes: usize,
        work: impl FnMut(&mut Rpc) -> thrift::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (shared, busy) = (&self.shared, Error::Busy { call: spec.call });
        let too_late = shared.pool.now() + shared.queue_timeout;
        // A call that alone is larger than the lane's share takes all of it.
        let share = u32::try_from(bytes.clamp(1, shared.bytes_each)).unwrap_or(u32::MAX);
        let lane = Arc::clone(&shared.bytes[spec.lane.index()]);
        let held = timeout(shared.queue_timeout, lane.acquire_many_owned(share)).await;
        let Ok(held) = held else { return Err(busy) };
        // The semaphore is never closed.
        let Ok(held) = held else { return Err(Error::Closed { call: spec.call }) };
        let (job, mut asked) = Typed::boxed(spec, work, held);
        shared.pool.submit(job);
        loop {
            if let Ok(answer) = timeout(NUDGE, &mut asked.answered).await {
                return answer.unwrap_or(Err(Error::Closed { call: spec.call }));
            }
            if shared.pool.now() >= too_late && !asked.has_begun() {
                return Err(busy);
            }
            shared.pool.nudge();
        }
    }
}

/// Room in a request for names and lengths beside the values.
const REQUEST_ROOM: usize = 64 * 1024;
