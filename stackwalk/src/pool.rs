//! The pool of worker processes.
//!
//! Workers of the common lane serve everybody; workers of the priority lane serve only walks that
//! somebody waits for, which may use an idle common one as well. A worker that dies, overruns its
//! time, grows too large or has served enough is replaced before the next walk. A walk that is
//! dropped half-way takes its worker with it.

mod readable;
mod request;
mod worker_process;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::limits;
use tokio::sync::{Semaphore, SemaphorePermit};

pub use request::{DumpHints, Walk, WalkError, WalkLane, WalkRequest};

use worker_process::WorkerProcess;

/// How a pool's workers are started, and what they may take.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// The program that runs [`crate::worker::main`].
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Symbol stores, asked in this order.
    pub stores: Vec<PathBuf>,
    /// Folder of symbol indexes. It is made if it is missing.
    pub cache: PathBuf,
    /// Workers of the common lane: one for each core.
    pub workers: usize,
    /// Workers that serve the priority lane alone.
    pub priority_workers: usize,
    /// Time for one dump; making an index of symbols is not counted.
    pub walk_time_max: Duration,
    /// Dumps after which a worker is replaced.
    pub dumps_max: u32,
    /// Memory of a worker, mapped files aside, from which on it is replaced after its dump.
    pub resident_bytes_max: u64,
    /// Address space of a worker beyond what it has at start.
    pub address_space_bytes: u64,
}

impl PoolOptions {
    /// The usual options: this very program with the verb `stackwalk-worker`, one priority worker,
    /// and the limits of [`auxilio_common::limits`].
    pub fn new(stores: Vec<PathBuf>, cache: PathBuf, workers: usize) -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec![OsString::from("stackwalk-worker")],
            stores,
            cache,
            workers,
            priority_workers: 1,
            walk_time_max: limits::WALK_TIME_MAX,
            dumps_max: limits::WALKER_DUMPS_MAX,
            resident_bytes_max: limits::WALKER_RESIDENT_BYTES_MAX,
            address_space_bytes: limits::WALKER_ADDRESS_SPACE_BYTES,
        }
    }
}

/// Worker processes, ready to walk. Workers are started when they are first needed.
pub struct Pool {
    options: PoolOptions,
    common: Lane,
    priority: Lane,
}

/// Seats for walks, and workers that have none to do.
struct Lane {
    seats: Semaphore,
    idle: Mutex<Vec<WorkerProcess>>,
}

impl Pool {
    /// A pool without any worker yet.
    pub fn new(options: PoolOptions) -> Self {
        let common = Lane::new(options.workers.max(1));
        let priority = Lane::new(options.priority_workers);
        Self { options, common, priority }
    }

    /// Walks a dump in a worker: waits for a seat in the lane, then at most the time of a walk.
    pub async fn walk(&self, request: WalkRequest, lane: WalkLane) -> Result<Walk, WalkError> {
        let (lane, _seat) = self.seat(lane).await;
        let mut worker = self.begin(lane, &request).await.map_err(WalkError::Start)?;
        let result = worker.walk(request.crash_id, self.options.walk_time_max).await;
        // A worker that failed to serve is dropped, which kills it.
        let serves_on =
            matches!(result, Ok(_) | Err(WalkError::Unreadable { .. } | WalkError::Io(_)));
        if serves_on && !worker.is_worn_out(&self.options) {
            lane.give_back(worker);
        }
        result
    }

    /// A worker that has begun with a dump. Idle ones may have been killed a moment ago: each that
    /// does not begin makes room for the next, and a new one has the last word.
    async fn begin(&self, lane: &Lane, request: &WalkRequest) -> io::Result<WorkerProcess> {
        while let Some(mut worker) = lane.take_idle() {
            if worker.begin(request).await.is_ok() {
                return Ok(worker);
            }
        }
        let mut worker = WorkerProcess::start(&self.options).await?;
        worker.begin(request).await?;
        Ok(worker)
    }

    /// Process ids of the workers that wait for work: for tests and diagnosis.
    pub fn idle_workers(&self) -> Vec<u32> {
        [&self.common, &self.priority].into_iter().flat_map(Lane::idle_ids).collect()
    }

    async fn seat(&self, lane: WalkLane) -> (&Lane, Option<SemaphorePermit<'_>>) {
        // Nobody closes these semaphores, so acquiring never fails.
        match lane {
            WalkLane::Common => (&self.common, self.common.seats.acquire().await.ok()),
            WalkLane::Priority => tokio::select! {
                biased;
                seat = self.priority.seats.acquire() => (&self.priority, seat.ok()),
                seat = self.common.seats.acquire() => (&self.common, seat.ok()),
            },
        }
    }
}

impl Lane {
    fn new(seats: usize) -> Self {
        Self { seats: Semaphore::new(seats), idle: Mutex::new(Vec::new()) }
    }

    /// An idle worker that is still alive.
    fn take_idle(&self) -> Option<WorkerProcess> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut worker) = idle.pop() {
            if worker.is_alive() {
                return Some(worker);
            }
        }
        None
    }

    fn give_back(&self, worker: WorkerProcess) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    fn idle_ids(&self) -> Vec<u32> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.iter().filter_map(WorkerProcess::id).collect()
    }
}
