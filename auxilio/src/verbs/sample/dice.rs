//! Repeatable chance: a sample is drawn from its seed, its day and its number, and from nothing else.

/// The generator splitmix64 (Steele, Lea and Flood, 2014), in the public domain: a counter that grows
/// by the golden ratio's odd fraction, passed through a mixing function. It is written out here so
/// that no new version of a crate changes what a seed means.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(counter: u64) -> u64 {
    let mut mixed = counter;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Dice {
    /// Dice that these numbers, in this order, decide.
    pub(super) fn of(numbers: &[u64]) -> Self {
        let fold = |state, number: &u64| mix(mix(state ^ number).wrapping_add(GOLDEN));
        Self(numbers.iter().fold(0, fold))
    }

    /// 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number from 0 up to, not including, `bound`; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or(0)
    }

    /// A number from `low` up to, not including, `high`; `low` if there is none.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0).unsigned_abs();
        low + self.below(span).cast_signed()
    }

    /// True so many times of a thousand.
    pub(super) fn chance(&mut self, of_thousand: u64) -> bool {
        self.below(1_000) < of_thousand
    }

    /// An index below `count`, low ones more often: each doubling of the index is as likely as the
    /// one before, as of signatures and domains in the field.
    pub(super) fn ranked(&mut self, count: usize) -> usize {
        let levels = u64::from(usize::BITS - count.leading_zeros());
        loop {
            let level = 1_u64 << self.below(levels);
            let index = usize::try_from(level - 1 + self.below(level)).unwrap_or(0);
            if index < count {
                return index;
            }
        }
    }

    /// One of a table's lines, low ones more often. The table must not be empty.
    pub(super) fn pick_ranked<'a, T>(&mut self, table: &'a [T]) -> &'a T {
        &table[self.ranked(table.len())]
    }

    /// One of a table's lines, by the weight that stands before each. One weight must not be 0.
    pub(super) fn weighted<'a, T>(&mut self, table: &'a [(u64, T)]) -> &'a T {
        let mut left = self.below(table.iter().map(|(weight, _)| weight).sum());
        for (weight, line) in table {
            if left < *weight {
                return line;
            }
            left -= weight;
        }
        unreachable!("a number below the sum of all weights is below that of some")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_and_their_order_counts() {
        let draw = |numbers: &[u64]| Dice::of(numbers).bits();
        assert_eq!(draw(&[1, 2, 3]), draw(&[1, 2, 3]));
        assert_ne!(draw(&[1, 2, 3]), draw(&[1, 3, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[1, 2, 0]));
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // The first numbers of the reference implementation for the seed 0.
        let mut dice = Dice::of(&[]);
        assert_eq!(dice.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(dice.bits(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut dice = Dice::of(&[7]);
        assert!((0..2_000).all(|_| (-3..5).contains(&dice.between(-3, 5))));
        assert!((0..2_000).all(|_| dice.ranked(11) < 11));
        assert_eq!((dice.below(0), dice.between(4, 4), dice.ranked(1)), (0, 4, 0));
    }

    #[test]
    fn low_ranks_are_frequent_and_every_rank_occurs() {
        let (mut dice, mut seen) = (Dice::of(&[8]), [0_u32; 12]);
        (0..6_000).for_each(|_| seen[dice.ranked(12)] += 1);
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
        assert!(seen[0] > 5 * seen[11], "{seen:?}");
    }

    #[test]
    fn weights_are_kept() {
        let (mut dice, table) = (Dice::of(&[9]), [(0, 'a'), (1, 'b'), (9, 'c')]);
        let drawn: String = (0..1_000).map(|_| dice.weighted(&table)).collect();
        assert!(!drawn.contains('a'));
        assert!(drawn.matches('c').count() > 5 * drawn.matches('b').count());
    }
}
