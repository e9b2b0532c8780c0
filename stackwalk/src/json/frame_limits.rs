//! How many frames of each thread the report keeps.

use auxilio_common::limits;
use minidump_processor::ProcessState;

use crate::Truncation;

/// Frames kept, thread by thread.
#[derive(Debug)]
pub(crate) struct FrameLimits(Vec<usize>);

impl FrameLimits {
    /// Shares the frames of a report out: the crashing thread first, then in the order of threads,
    /// each thread at least its innermost frame. Counts what is left out.
    pub(crate) fn share_out(state: &ProcessState, truncation: &mut Truncation) -> Self {
        let lengths: Vec<usize> = state.threads.iter().map(|thread| thread.frames.len()).collect();
        let mut kept = vec![0; lengths.len()];
        let mut left = limits::FRAMES_TOTAL_MAX;
        let crashing = state.requesting_thread.filter(|number| *number < lengths.len());
        let others = (0..lengths.len()).filter(|number| Some(*number) != crashing);
        for number in crashing.into_iter().chain(others) {
            let wanted = lengths[number].min(limits::FRAMES_COUNT_MAX);
            kept[number] = wanted.min(left.max(1));
            left = left.saturating_sub(kept[number]);
            truncation.frames_dropped += (lengths[number] - kept[number]) as u64;
        }
        Self(kept)
    }

    /// Frames kept of one thread.
    pub(crate) fn of_thread(&self, number: usize) -> usize {
        self.0.get(number).copied().unwrap_or(0)
    }
}
