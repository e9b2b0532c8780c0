//! One flush of a folder for all renames before it: group commit.
//!
//! Who needs a flush joins the open batch. The first to find nobody flushing closes the batch and
//! flushes for all in it; who comes meanwhile joins the next one. So each rename waits for at most
//! two flushes, and a folder sees one at a time, however many writers there are. The end of a flush wakes those in
//! its batch, and one of the next to flush for that: a writer that was woken for nothing costs two switches of threads.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use crate::durable;

/// The result of a batch's flush; the error is shared, so it travels as its code.
type Outcome = Result<(), (io::ErrorKind, Option<i32>)>;

#[derive(Debug, Default)]
struct Batch {
    outcome: OnceLock<Outcome>,
    /// Woken when there is an outcome, or when one of those in it shall flush.
    turn: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: Arc<Batch>,
    flushing: bool,
}

/// The shared flush of one folder.
#[derive(Debug, Default)]
pub(crate) struct FolderFlush {
    state: Mutex<State>,
}

impl FolderFlush {
    /// Returns when a flush that began after this call has ended.
    pub(crate) fn flush(&self, folder: &File) -> io::Result<()> {
        self.flush_with(|| durable::flush_open_folder(folder))
    }

    fn flush_with(&self, flush: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        // Nothing that holds the lock can panic half-way, so a poisoned state is still right.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = Arc::clone(&state.open);
        while state.flushing && batch.outcome.get().is_none() {
            state = batch.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if batch.outcome.get().is_none() {
            // Nobody flushes and this batch is open: it is ours to flush.
            state.open = Arc::default();
            state.flushing = true;
            drop(state);
            let outcome = flush().map_err(|error| (error.kind(), error.raw_os_error()));
            // Only this thread sets it.
            let _ = batch.outcome.set(outcome);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.flushing = false;
            state.open.turn.notify_one();
            drop(state);
            batch.turn.notify_all();
        }
        match batch.outcome.get() {
            Some(Err((_, Some(code)))) => Err(io::Error::from_raw_os_error(*code)),
            Some(Err((kind, None))) => Err((*kind).into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn many_writers_share_flushes_and_each_sees_one_that_began_after_its_call() {
        let (flush, begun) = (FolderFlush::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let before = begun.load(Ordering::SeqCst);
                        flush
                            .flush_with(|| {
                                begun.fetch_add(1, Ordering::SeqCst);
                                thread::yield_now();
                                Ok(())
                            })
                            .unwrap();
                        assert!(begun.load(Ordering::SeqCst) > before);
                    }
                });
            }
        });
        assert!(begun.load(Ordering::SeqCst) < 16 * 50, "no flush was ever shared");
    }

    #[test]
    fn a_failed_flush_fails_its_own_batch_and_no_later_one() {
        let flush = FolderFlush::default();
        let error = flush.flush_with(|| Err(io::Error::from_raw_os_error(5))).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
        flush.flush_with(|| Ok(())).unwrap();
    }
}
