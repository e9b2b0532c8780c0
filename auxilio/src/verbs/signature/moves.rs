//! Which signatures crashes go to from which: what splits, what merges, what only gets another name.

use std::collections::HashMap;

/// What becomes of crashes on one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of the old signature, and nobody else, go there.
    Renamed,
    /// Others of the old signature go elsewhere, or stay.
    Split,
    /// Others come to the new signature from elsewhere, or have it already.
    Merged,
    /// Both.
    SplitAndMerged,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::SplitAndMerged => "split_and_merged",
        }
    }
}

/// Crashes that go from one signature to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) crashes: u64,
    pub(super) kind: Kind,
}

/// All ways. Signatures have numbers, so that each is in memory once.
#[derive(Debug)]
pub(super) struct Moves {
    numbers: HashMap<Box<str>, usize>,
    ways: HashMap<(usize, usize), u64>,
    /// So many signatures are told apart; all others have this number.
    signatures_max: usize,
}

impl Moves {
    /// Tells so many signatures apart.
    pub(super) fn new(signatures_max: usize) -> Self {
        Self { numbers: HashMap::new(), ways: HashMap::new(), signatures_max }
    }

    /// Counts a crash, also one that stays.
    pub(super) fn count(&mut self, from: &str, to: &str) {
        let way = (self.number(from), self.number(to));
        *self.ways.entry(way).or_default() += 1;
    }

    /// Crashes that came from or went to a signature for which there was no room.
    pub(super) fn untold(&self) -> u64 {
        let untold = self.ways.iter().filter(|(way, _)| !self.is_told(way));
        untold.map(|(_, crashes)| crashes).sum()
    }

    fn is_told(&self, (from, to): &(usize, usize)) -> bool {
        *from != self.signatures_max && *to != self.signatures_max
    }

    /// Those that change, the largest first.
    pub(super) fn changes(&self) -> Vec<Move<'_>> {
        // One place more, for the signatures that are not told apart: a way from or to them is none that
        // anybody can name, but others of its signature are split or merged by it.
        let mut names = vec![""; self.numbers.len() + 1];
        for (name, number) in &self.numbers {
            names[*number] = name;
        }
        let (mut leave, mut come) = (vec![0_u32; names.len()], vec![0_u32; names.len()]);
        for (from, to) in self.ways.keys() {
            leave[*from] += 1;
            come[*to] += 1;
        }
        let changes = self.ways.iter().filter(|(way, _)| way.0 != way.1 && self.is_told(way));
        let mut changes: Vec<_> = changes
            .map(|((from, to), crashes)| Move {
                from: names[*from],
                to: names[*to],
                crashes: *crashes,
                kind: match (leave[*from] > 1, come[*to] > 1) {
                    (false, false) => Kind::Renamed,
                    (true, false) => Kind::Split,
                    (false, true) => Kind::Merged,
                    (true, true) => Kind::SplitAndMerged,
                },
            })
            .collect();
        changes.sort_by(|one, other| {
            (other.crashes, one.from, one.to).cmp(&(one.crashes, other.from, other.to))
        });
        changes
    }

    /// How many signatures there are before, and after, of those that are told apart.
    pub(super) fn signatures(&self) -> (usize, usize) {
        let distinct = |side: fn(&(usize, usize)) -> usize| {
            let told = self.ways.keys().map(side).filter(|number| *number != self.signatures_max);
            let mut all: Vec<usize> = told.collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        (distinct(|way| way.0), distinct(|way| way.1))
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.numbers.len();
        if number < self.signatures_max {
            self.numbers.insert(name.into(), number);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_told_by_what_leaves_and_what_comes() {
        let mut moves = Moves::new(10);
        for (from, to, crashes) in [
            ("a", "a", 5),
            ("a", "b", 4),
            ("c", "d", 3),
            ("e", "d", 2),
            ("f", "g", 1),
            ("h", "h", 9),
            ("i", "h", 6),
            ("i", "j", 1),
        ] {
            for _ in 0..crashes {
                moves.count(from, to);
            }
        }
        let told: Vec<_> = moves
            .changes()
            .iter()
            .map(|way| format!("{} {} {} {}", way.crashes, way.kind.as_str(), way.from, way.to))
            .collect();
        assert_eq!(
            told,
            [
                "6 split_and_merged i h",
                "4 split a b",
                "3 merged c d",
                "2 merged e d",
                "1 renamed f g",
                "1 split i j"
            ]
        );
        assert_eq!(moves.signatures(), (6, 6));
        assert_eq!(moves.untold(), 0);
    }

    #[test]
    fn what_has_no_room_is_counted_and_splits_and_merges_what_has() {
        let mut moves = Moves::new(4);
        for (from, to) in [("a", "b"), ("c", "d"), ("a", "e"), ("f", "d"), ("g", "h"), ("i", "i")] {
            moves.count(from, to);
        }
        let told: Vec<_> = moves.changes().iter().map(|way| (way.from, way.to, way.kind)).collect();
        assert_eq!(told, [("a", "b", Kind::Split), ("c", "d", Kind::Merged)]);
        assert_eq!((moves.untold(), moves.signatures()), (4, (2, 2)));
    }
}
