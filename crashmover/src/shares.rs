//! Who gets the free slots: the spools that have least in hand.

/// One spool in the sharing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sharer {
    /// Slots that it has.
    pub(crate) in_hand: usize,
    /// Whether it wants more.
    pub(crate) wants: bool,
}

/// How many slots of all one spool may have: each of the others could have one at once. So a spool
/// whose disk is slow, or whose crashes are large, never has them all. Half of them it may always
/// have: of many spools most are empty, or of machines that died.
pub(crate) fn most_of(slots: usize, spools: usize) -> usize {
    (slots + 1).saturating_sub(spools).max(slots.div_ceil(2))
}

/// Shares `free` slots out, one after another to whoever wants one and has least, in turn among
/// equals from `first` on; nobody gets beyond `most`.
pub(crate) fn share_out(free: usize, sharers: &[Sharer], most: usize, first: usize) -> Vec<usize> {
    let mut given = vec![0; sharers.len()];
    for _ in 0..free {
        let has = |place: usize| sharers[place].in_hand + given[place];
        let next = (0..sharers.len())
            .map(|place| (place + first) % sharers.len())
            .filter(|place| sharers[*place].wants && has(*place) < most)
            .min_by_key(|place| has(*place));
        let Some(next) = next else { break };
        given[next] += 1;
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(free: usize, sharers: &[(usize, bool)], most: usize, first: usize) -> Vec<usize> {
        let sharers: Vec<_> =
            sharers.iter().map(|&(in_hand, wants)| Sharer { in_hand, wants }).collect();
        share_out(free, &sharers, most, first)
    }

    #[test]
    fn who_has_least_gets_the_next_and_one_alone_gets_all_it_may_have() {
        assert_eq!(shares(8, &[(0, true)], 8, 0), [8]);
        assert_eq!(shares(6, &[(0, true), (0, true), (0, true)], 6, 0), [2, 2, 2]);
        assert_eq!(shares(6, &[(0, true), (5, true), (0, false)], 6, 0), [6, 0, 0]);
        assert_eq!(shares(8, &[(0, true), (0, false), (0, false)], 6, 0), [6, 0, 0]);
        assert_eq!(shares(3, &[(4, true), (0, true), (2, true)], 6, 0), [0, 3, 0]);
        assert_eq!(shares(0, &[(0, true)], 8, 0), [0]);
    }

    #[test]
    fn a_single_slot_goes_round() {
        let equal = [(1, true), (1, true), (1, true)];
        let turns: Vec<_> = (0..3).map(|first| shares(1, &equal, 6, first)).collect();
        assert_eq!(turns, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    }

    #[test]
    fn each_of_the_others_could_have_a_slot_at_once_and_half_are_left_to_it() {
        let most = [(8, 1), (8, 2), (8, 3), (8, 9), (2, 3), (1, 1), (1, 4)];
        assert_eq!(most.map(|(slots, spools)| most_of(slots, spools)), [8, 7, 6, 4, 1, 1, 1]);
    }
}
