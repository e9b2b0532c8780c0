//! Which samples a run posts: whole stories, day by day, oldest first.

use std::collections::{BTreeSet, VecDeque};

use auxilio_common::Day;

use super::calendar;
use super::kinds::DumpKind;
use super::story::{self, Sample};

/// The samples of one run. The seed and the day decide them.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    seed: u64,
    /// Days with how many samples each has.
    days: Vec<(Day, u64)>,
}

impl Plan {
    /// `count` samples over the `days` whole days before `today`.
    pub(super) fn over_days(seed: u64, count: u64, today: Day, days: u32) -> Self {
        Self { seed, days: calendar::spread(count, today, days) }
    }

    /// `count` samples of one day.
    pub(super) fn of_day(seed: u64, count: u64, day: Day) -> Self {
        Self { seed, days: vec![(day, count)] }
    }

    /// Makes the samples one after another, so that a large run fits in memory.
    pub(super) fn samples(&self) -> Samples {
        Samples { seed: self.seed, days: self.days.clone().into(), story: 0, told: VecDeque::new() }
    }

    /// The dumps that its samples need.
    pub(super) fn dumps(&self) -> BTreeSet<DumpKind> {
        self.samples().flat_map(|sample| sample.dumps).map(|(_, dump)| dump).collect()
    }
}

/// The samples of a plan, in their order.
#[derive(Debug)]
pub(super) struct Samples {
    seed: u64,
    days: VecDeque<(Day, u64)>,
    story: u64,
    told: VecDeque<Sample>,
}

impl Iterator for Samples {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        loop {
            let (day, left) = self.days.front_mut()?;
            if *left == 0 {
                // What is left of the day's last story is not told.
                self.told.clear();
                self.story = 0;
                self.days.pop_front();
                continue;
            }
            if self.told.is_empty() {
                self.told.extend(story::tell(self.seed, *day, self.story));
                self.story += 1;
            }
            *left -= 1;
            return self.told.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
