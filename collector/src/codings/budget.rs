//! How much may come out of a compressed stream.

use auxilio_common::limits;

/// More came out of a stream than may.
#[derive(Debug)]
pub(crate) struct OverBudget;

/// The account of one stream.
#[derive(Debug)]
pub(crate) struct Budget {
    unpacked: u64,
    unpacked_max: u64,
}

impl Budget {
    /// A stream that may become as long as this.
    pub(crate) fn new(unpacked_max: u64) -> Self {
        Self { unpacked: 0, unpacked_max }
    }

    /// Counts bytes that came out after `packed` bytes went in, all told.
    pub(crate) fn take(&mut self, bytes: usize, packed: u64) -> Result<(), OverBudget> {
        self.unpacked += bytes as u64;
        let by_ratio = limits::INFLATE_RATIO_FREE_BYTES + packed * limits::INFLATE_RATIO_MAX;
        if self.unpacked > self.unpacked_max.min(by_ratio) { Err(OverBudget) } else { Ok(()) }
    }

    /// Bytes that came out.
    pub(crate) fn unpacked(&self) -> u64 {
        self.unpacked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_length_and_ratio_bound_a_stream() {
        let free = usize::try_from(limits::INFLATE_RATIO_FREE_BYTES).unwrap();
        let mut budget = Budget::new(u64::MAX);
        assert!(budget.take(free, 0).is_ok());
        assert!(budget.take(1, 0).is_err());
        assert!(budget.take(0, 1).is_ok());
        assert_eq!(budget.unpacked(), limits::INFLATE_RATIO_FREE_BYTES + 1);
        assert!(Budget::new(9).take(10, 1_000_000).is_err());
    }
}
