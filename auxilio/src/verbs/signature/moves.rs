//! Which signatures crashes go to from which: what splits, what merges, what only gets another name.

use std::collections::HashMap;

use auxilio_common::limits::SIGNATURES_TRIED_MAX;

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
#[derive(Debug, Default)]
pub(super) struct Moves {
    numbers: HashMap<Box<str>, usize>,
    ways: HashMap<(usize, usize), u64>,
    /// Crashes that came when there was no room for another signature.
    pub(super) untold: u64,
}

impl Moves {
    /// Counts a crash, also one that stays.
    pub(super) fn count(&mut self, from: &str, to: &str) {
        match (self.number(from), self.number(to)) {
            (Some(from), Some(to)) => *self.ways.entry((from, to)).or_default() += 1,
            _ => self.untold += 1,
        }
    }

    /// Those that change, the largest first.
    pub(super) fn changes(&self) -> Vec<Move<'_>> {
        let mut names = vec![""; self.numbers.len()];
        for (name, number) in &self.numbers {
            names[*number] = name;
        }
        let (mut leave, mut come) = (vec![0_u32; names.len()], vec![0_u32; names.len()]);
        for (from, to) in self.ways.keys() {
            leave[*from] += 1;
            come[*to] += 1;
        }
        let changes = self.ways.iter().filter(|((from, to), _)| from != to);
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

    /// How many signatures there are before, and after.
    pub(super) fn signatures(&self) -> (usize, usize) {
        let distinct = |side: fn(&(usize, usize)) -> usize| {
            let mut all: Vec<usize> = self.ways.keys().map(side).collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        (distinct(|way| way.0), distinct(|way| way.1))
    }

    fn number(&mut self, name: &str) -> Option<usize> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let number = self.numbers.len();
        if number >= SIGNATURES_TRIED_MAX {
            return None;
        }
        self.numbers.insert(name.into(), number);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_told_by_what_leaves_and_what_comes() {
        let mut moves = Moves::default();
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
        assert_eq!(moves.untold, 0);
    }
}
