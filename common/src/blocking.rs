//! Threads that may wait for a disk.
//!
//! What waits for a disk must not do so on a thread that serves others, so it is moved to a thread
//! for blocking work, and its answer back: two switches of threads, which cost more than most of
//! the waits. A worker that has such a thread for itself (each slot of `service::worker` has) says
//! so here, and what it calls stays where it is.

use std::cell::Cell;

thread_local! {
    static MAY_BLOCK: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread may wait, because it serves nobody else.
pub fn may_block() -> bool {
    MAY_BLOCK.get()
}

/// Runs something on a thread that serves nobody else until it is done.
pub fn on_own_thread<T>(work: impl FnOnce() -> T) -> T {
    let _reset = Reset { before: MAY_BLOCK.replace(true) };
    work()
}

/// Threads are used again, also after a panic.
struct Reset {
    before: bool,
}

impl Drop for Reset {
    fn drop(&mut self) {
        MAY_BLOCK.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_work_itself_may_block_and_a_panic_changes_nothing() {
        assert!(!may_block());
        assert!(on_own_thread(may_block));
        assert!(!may_block());
        let panicked = std::panic::catch_unwind(|| on_own_thread(|| panic!("on purpose")));
        assert!(panicked.is_err());
        assert!(!may_block());
        assert!(!on_own_thread(|| std::thread::spawn(may_block).join().unwrap()));
    }
}
