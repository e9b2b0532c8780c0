//! Repeatable randomness: the generator splitmix64, so that a seed in a failed test's message
//! makes the same case again on any machine and with any version of any crate.

/// The generator. Two of the same seed give the same numbers for ever.
///
/// The algorithm is the public-domain splitmix64 (Steele, Lea and Flood, 2014): a counter that
/// grows by the golden ratio's odd fraction, passed through a mixing function. It is good enough
/// to choose test data and never good enough to guard a secret.
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// A generator that starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// An index into something of this length; 0 for a length of 0.
    pub fn index(&mut self, length: usize) -> usize {
        // The remainder is below the length, which is a usize.
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// If there is nothing to choose from.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_sequence() {
        // The first numbers of the reference implementation for the seed 1234567.
        let mut random = SplitMix::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
        assert_eq!(random.next(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn filling_in_pieces_of_eight_is_filling_at_once() {
        let (mut whole, mut halves) = ([0; 20], [0; 20]);
        SplitMix::new(7).fill(&mut whole);
        let mut random = SplitMix::new(7);
        random.fill(&mut halves[..8]);
        random.fill(&mut halves[8..]);
        assert_eq!(whole, halves);
    }

    #[test]
    fn a_bound_is_kept_and_nothing_is_below_zero() {
        let mut random = SplitMix::new(3);
        assert!((0..1_000).all(|_| random.below(7) < 7));
        assert_eq!(random.below(0), 0);
        assert!([1, 2, 3].contains(random.pick(&[1, 2, 3])));
    }
}
