//! A call on its way: what to do, and who waits for the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::connection::Rpc;
use crate::error::Error;
use crate::lane::Lane;

/// What is known of a call beside its work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// Its name in Thrift's interface.
    pub(crate) call: &'static str,
    /// The rows that it is about.
    pub(crate) lane: Lane,
    /// Whether making it twice is the same as making it once.
    pub(crate) repeatable: bool,
    /// Bytes that its answer may have.
    pub(crate) reply_bytes: usize,
}

/// A job, its types hidden.
pub(crate) trait Job: Send {
    fn spec(&self) -> Spec;

    /// Its turn has come.
    fn begin(&self);

    /// It lost its turn again.
    fn wait_again(&self);

    /// Whether anybody still waits for the answer.
    fn is_wanted(&self) -> bool;

    /// Makes the call; what it returns is kept for [`finish`](Self::finish).
    fn attempt(&mut self, rpc: &mut Rpc) -> thrift::Result<()>;

    /// Hands the answer over.
    fn finish(self: Box<Self>, result: Result<(), Error>);
}

/// The asker's end of a job. Dropped before the job's turn, the job is not done.
pub(crate) struct Asked<T> {
    pub(crate) answered: oneshot::Receiver<Result<T, Error>>,
    begun: Arc<AtomicBool>,
}

impl<T> Asked<T> {
    /// Whether the job's turn has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

/// A job with its work and its answer.
pub(crate) struct Typed<T, F> {
    spec: Spec,
    work: F,
    answer: Option<T>,
    asker: oneshot::Sender<Result<T, Error>>,
    begun: Arc<AtomicBool>,
    /// The bytes that the call may hold, given back with the job.
    _bytes: OwnedSemaphorePermit,
}

impl<T, F> Typed<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut Rpc) -> thrift::Result<T> + Send + 'static,
{
    pub(crate) fn boxed(
        spec: Spec,
        work: F,
        bytes: OwnedSemaphorePermit,
    ) -> (Box<dyn Job>, Asked<T>) {
        let (asker, receiver) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        let waits = Asked { answered: receiver, begun: Arc::clone(&begun) };
        (Box::new(Self { spec, work, answer: None, asker, begun, _bytes: bytes }), waits)
    }
}

impl<T, F> Job for Typed<T, F>
where
    T: Send,
    F: FnMut(&mut Rpc) -> thrift::Result<T> + Send,
{
    fn spec(&self) -> Spec {
        self.spec
    }

    fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    fn wait_again(&self) {
        self.begun.store(false, Ordering::Relaxed);
    }

    fn is_wanted(&self) -> bool {
        !self.asker.is_closed()
    }

    fn attempt(&mut self, rpc: &mut Rpc) -> thrift::Result<()> {
        self.answer = Some((self.work)(rpc)?);
        Ok(())
    }

    fn finish(self: Box<Self>, result: Result<(), Error>) {
        let Self { spec, answer, asker, _bytes, .. } = *self;
        let answer = match (result, answer) {
            (Ok(()), Some(answer)) => Ok(answer),
            (Err(error), _) => Err(error),
            // A job that was never attempted has no success to tell.
            (Ok(()), None) => Err(Error::Closed { call: spec.call }),
        };
        // Whoever asked may have gone; the call's deadline was the only one.
        let _ = asker.send(answer);
    }
}
