//! The threads that make the calls, one connection each.
//!
//! Threads start when there is work and nobody free, up to the configured number and one more for
//! each lane, because calls that hang keep theirs. A thread that has had nothing to do for as long
//! as a connection may idle ends, and its connection with it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use auxilio_common::{Clock, Random};

use crate::connection::{Connection, Failure, IDLE_MAX};
use crate::dialer::Dialer;
use crate::error::Error;
use crate::exception::Sort;
use crate::job::Job;
use crate::lane::LANES;
use crate::observer::ConnectionEvent;
use crate::queue::{Queue, Verdict};

/// Time until a free thread looks again whether a waiting job has its turn.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What the client is doing now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Status {
    /// Threads, each with at most one connection.
    pub threads: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// Calls under way.
    pub running: usize,
    /// Calls at once that are allowed now.
    pub allowed: f64,
    /// Gateways that are left alone because they failed.
    pub open_breakers: usize,
}

pub(crate) struct Pool {
    dialer: Dialer,
    random: Arc<dyn Random>,
    threads_max: usize,
    call_timeout: Duration,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    queue: Queue<Box<dyn Job>>,
    threads: usize,
    /// Threads with a job.
    busy: usize,
    /// Threads with a connection.
    connected: usize,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(
        dialer: Dialer,
        random: Arc<dyn Random>,
        connections: usize,
        call_timeout: Duration,
    ) -> Self {
        let queue = Queue::new(connections);
        Self {
            dialer,
            random,
            threads_max: connections + LANES,
            call_timeout,
            state: Mutex::new(State { queue, threads: 0, busy: 0, connected: 0, closed: false }),
            wake: Condvar::new(),
        }
    }

    /// Takes a job; it is finished at once if it can't wait.
    pub(crate) fn submit(self: &Arc<Self>, job: Box<dyn Job>) {
        let spec = job.spec();
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return job.finish(Err(Error::Closed { call: spec.call }));
        }
        if let Err(job) = state.queue.push(spec.lane, job) {
            drop(state);
            return job.finish(Err(Error::Busy { call: spec.call }));
        }
        self.find_thread(state);
    }

    /// Sees to it that a job whose turn has come has a thread.
    pub(crate) fn nudge(self: &Arc<Self>) {
        self.find_thread(self.lock());
    }

    /// Ends all threads once their calls are over, and all jobs that still wait.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let jobs = state.queue.drain();
        drop(state);
        self.wake.notify_all();
        for job in jobs {
            let call = job.spec().call;
            job.finish(Err(Error::Closed { call }));
        }
    }

    pub(crate) fn status(&self) -> Status {
        let open_breakers = self.dialer.gateways.open_breakers();
        let state = self.lock();
        Status {
            threads: state.threads,
            waiting: state.queue.waiting(),
            running: state.queue.running(),
            allowed: state.queue.allowed(),
            open_breakers,
        }
    }

    /// The monotonic time.
    pub(crate) fn now(&self) -> Duration {
        self.clock().monotonic()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.dialer.clock
    }

    fn find_thread(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let now = self.clock().monotonic();
        let free = state.threads - state.busy;
        if free > 0 {
            // One that is on its way to wait looks at the queue before it does.
            self.wake.notify_one();
        }
        if state.threads >= self.threads_max || state.queue.turns(now) <= free {
            return;
        }
        // Where no more connections are to be had, those that are there do the work.
        if state.connected > 0 && !self.dialer.gateways.admit(now) {
            return;
        }
        state.threads += 1;
        let threads = state.threads;
        drop(state);
        self.dialer.observer.threads(threads);
        let name = format!("hbase-{threads}");
        let pool = Arc::clone(self);
        if let Err(error) = thread::Builder::new().name(name).spawn(move || pool.work()) {
            self.lock().threads -= 1;
            tracing::warn!(%error, "no thread can be started for a call to HBase");
        }
    }

    /// What a thread does.
    fn work(&self) {
        let (mut connection, mut is_counted) = (None, false);
        while let Some((mut job, began)) = self.take() {
            let spec = job.spec();
            let wanted = job.is_wanted();
            let result = if wanted { self.perform(&mut connection, &mut *job) } else { Ok(()) };
            let now = self.clock().monotonic();
            let verdict = match &result {
                Ok(()) if wanted => Verdict::Well,
                Ok(()) => Verdict::Nothing,
                Err(error) => verdict(error),
            };
            let jitter = self.random.below(1_000) as f64 / 1_000.0;
            if let Some(connection) = &mut connection {
                Connection::used(connection, now);
            }
            let mut state = self.lock();
            state.queue.done(spec.lane, began, verdict, now, jitter);
            state.busy -= 1;
            match (is_counted, connection.is_some()) {
                (false, true) => state.connected += 1,
                (true, false) => state.connected -= 1,
                _ => {}
            }
            is_counted = connection.is_some();
            let is_left_alone =
                matches!(result, Err(Error::Unreachable { .. } | Error::Resting { .. }));
            if is_left_alone && state.connected > 0 && !state.closed {
                // A gateway that is full serves the connections that it has: they take the job.
                job.wait_again();
                state.queue.put_back(spec.lane, job);
                state.threads -= 1;
                let threads = state.threads;
                drop(state);
                self.wake.notify_one();
                return self.dialer.observer.threads(threads);
            }
            drop(state);
            // Last: the asker's next call shall find this thread free.
            job.finish(result);
        }
        if let Some(connection) = connection {
            self.lock().connected -= 1;
            self.tell(&connection, ConnectionEvent::Retired);
        }
    }

    /// Waits for a job; `None` when the thread shall end.
    fn take(&self) -> Option<(Box<dyn Job>, Duration)> {
        let mut state = self.lock();
        let waits_since = self.clock().monotonic();
        loop {
            let now = self.clock().monotonic();
            if let Some(job) = state.queue.take(now) {
                job.begin();
                state.busy += 1;
                return Some((job, now));
            }
            let left = (waits_since + IDLE_MAX).saturating_sub(now);
            if state.closed || left.is_zero() {
                state.threads -= 1;
                let threads = state.threads;
                drop(state);
                self.dialer.observer.threads(threads);
                return None;
            }
            let patience = if state.queue.waiting() > 0 { LOOK_AGAIN } else { left };
            let waited = self.wake.wait_timeout(state, patience);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes a job's call and tells of it.
    fn perform(&self, slot: &mut Option<Connection>, job: &mut dyn Job) -> Result<(), Error> {
        let call = job.spec().call;
        let began = self.clock().monotonic();
        let result = self.attempt(slot, job, began + self.call_timeout);
        let outcome = result.as_ref().map_or_else(Error::name, |()| "ok");
        let took = self.clock().monotonic().saturating_sub(began);
        self.dialer.observer.call_ended(call, outcome, took);
        result
    }

    /// Makes the call, once more on another connection if the first one failed and that does no harm.
    fn attempt(
        &self,
        slot: &mut Option<Connection>,
        job: &mut dyn Job,
        until: Duration,
    ) -> Result<(), Error> {
        let spec = job.spec();
        let call = spec.call;
        let mut repeated = !spec.repeatable;
        loop {
            let mut connection = self.connection(slot, call, until)?;
            let gateway = connection.seat.0.to_string();
            let called = connection.call(until, spec.reply_bytes, &mut |rpc| job.attempt(rpc));
            let broken = match called {
                Err(Failure::Refused(exception)) if exception.may_be_out_of_step() => {
                    Err(Error::Refused { call, exception })
                }
                Ok(()) | Err(Failure::Refused(_)) => {
                    self.keep(slot, connection);
                    return match called {
                        Err(Failure::Refused(exception)) => Err(Error::Refused { call, exception }),
                        _ => Ok(()),
                    };
                }
                Err(Failure::TimedOut) => Err(Error::TimedOut { call, gateway }),
                Err(Failure::Panicked) => Err(Error::Panicked { call, gateway }),
                Err(Failure::Broken(source)) => Err(Error::Broken { call, gateway, source }),
            };
            self.tell(&connection, ConnectionEvent::Dropped);
            if repeated || matches!(broken, Err(Error::TimedOut { .. })) {
                return broken;
            }
            repeated = true;
            self.dialer.observer.call_repeated(call);
        }
    }

    /// The thread's connection if it is still good, else a new one.
    fn connection(
        &self,
        slot: &mut Option<Connection>,
        call: &'static str,
        until: Duration,
    ) -> Result<Connection, Error> {
        if let Some(connection) = slot.take() {
            if connection.is_usable(self.clock().monotonic()) {
                return Ok(connection);
            }
            self.tell(&connection, ConnectionEvent::Retired);
        }
        self.dialer.dial(call, until)
    }

    /// Keeps a connection for the next call, unless more came than was asked for.
    fn keep(&self, slot: &mut Option<Connection>, connection: Connection) {
        if connection.is_in_step() {
            *slot = Some(connection);
        } else {
            self.tell(&connection, ConnectionEvent::Dropped);
        }
    }

    fn tell(&self, connection: &Connection, event: ConnectionEvent) {
        self.dialer.observer.connection(&connection.seat.0.to_string(), event);
    }
}

/// What an error says about the rows that the call was for.
fn verdict(error: &Error) -> Verdict {
    match error {
        Error::Refused { exception, .. } => match exception.sort() {
            Sort::Payload | Sort::Installation => Verdict::Well,
            Sort::Busy => Verdict::Busy,
            Sort::Passing => Verdict::Trouble,
        },
        Error::TimedOut { .. } => Verdict::Trouble,
        _ => Verdict::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use auxilio_service::clock::{SystemClock, SystemRandom};

    use super::*;
    use crate::client::Client;
    use crate::config::Config;
    use crate::job::Spec;
    use crate::lane::Lane;

    /// The answer to the first question, as a gateway gives it.
    const WELCOME: &[u8] =
        b"\x80\x01\0\x02\0\0\0\x13getThriftServerType\0\0\0\x01\x08\0\0\0\0\0\x01\0";

    #[tokio::test]
    async fn a_panic_inside_a_call_is_an_error_and_the_thread_goes_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gateways = vec![listener.local_addr().unwrap().to_string()];
        thread::spawn(move || {
            let welcomed = listener.incoming().flatten().map(|mut stream| {
                let _ = stream.read(&mut [0; 100]).unwrap();
                stream.write_all(WELCOME).unwrap();
                stream
            });
            // Kept open until the program ends.
            welcomed.collect::<Vec<_>>().len()
        });
        let config = Config { gateways, ..Config::default() };
        let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        let client = Client::new(&config, clock, random, Arc::new(())).unwrap();
        let spec = Spec { call: "x", lane: Lane::OTHER, repeatable: false, reply_bytes: 1 };
        let result = client.call(spec, 1, |_| -> thrift::Result<()> { panic!("on purpose") });
        assert!(matches!(result.await, Err(Error::Panicked { .. })));
        assert!(client.call(spec, 1, |_| Ok(7)).await.is_ok_and(|answer| answer == 7));
        assert_eq!(client.status().threads, 1);
    }
}
