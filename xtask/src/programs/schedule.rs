//! Which program runs next: pure, so that its rules are tested without any.
//!
//! The one HBase is the longest chain, so while none runs, the next of those goes first. Then come the
//! others, longest first, and at the end, one by one, those that need the machine alone.

use std::cmp::Reverse;

use super::costs::Needs;
use super::listing::Program;

/// Programs that wait, and what those that run need.
#[derive(Debug)]
pub struct Schedule {
    /// In the order in which they are looked at.
    waiting: Vec<Program>,
    running: Vec<Needs>,
    slots: usize,
}

impl Schedule {
    /// At most so many at once.
    pub fn new(mut programs: Vec<Program>, slots: usize) -> Self {
        let class = |needs| match needs {
            Needs::Hbase => 0,
            Needs::Little => 1,
            Needs::Machine => 2,
        };
        programs.sort_by(|a, b| {
            let key = |it: &Program| (class(it.cost.needs), Reverse(it.cost.seconds));
            key(a).cmp(&key(b)).then_with(|| a.source.cmp(&b.source))
        });
        Self { waiting: programs, running: Vec::new(), slots }
    }

    /// The one to start now. None: wait until one ends, or all have been started.
    pub fn take(&mut self) -> Option<Program> {
        if self.running.len() >= self.slots {
            return None;
        }
        let next = self.waiting.iter().position(|program| self.may_join(program.cost.needs))?;
        let program = self.waiting.remove(next);
        self.running.push(program.cost.needs);
        Some(program)
    }

    /// One that was taken has ended.
    pub fn ended(&mut self, program: &Program) {
        let at = self.running.iter().position(|needs| *needs == program.cost.needs);
        if let Some(at) = at {
            self.running.swap_remove(at);
        }
    }

    /// Whether any that was taken has not ended.
    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    fn may_join(&self, needs: Needs) -> bool {
        if self.running.contains(&Needs::Machine) {
            return false;
        }
        match needs {
            Needs::Little => true,
            Needs::Hbase => !self.running.contains(&Needs::Hbase),
            Needs::Machine => self.running.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::programs::costs::Cost;
    use crate::programs::costs::Needs::{Hbase, Little, Machine};

    fn program(source: &str, needs: Needs, seconds: u32) -> Program {
        Program {
            source: source.to_owned(),
            executable: PathBuf::new(),
            folder: PathBuf::new(),
            package: String::new(),
            version: String::new(),
            cost: Cost { needs, seconds },
        }
    }

    fn schedule(programs: &[(&str, Needs, u32)]) -> Schedule {
        let programs =
            programs.iter().map(|(source, needs, seconds)| program(source, *needs, *seconds));
        Schedule::new(programs.collect(), 2)
    }

    /// What runs at each moment, if programs take the seconds that are said of them.
    fn play(programs: &[(&str, Needs, u32)]) -> Vec<Vec<Program>> {
        let mut schedule = schedule(programs);
        let mut moments = Vec::new();
        let mut running: Vec<(u32, Program)> = Vec::new();
        let mut now = 0;
        loop {
            while let Some(program) = schedule.take() {
                running.push((now + program.cost.seconds, program));
            }
            moments.push(running.iter().map(|(_, program)| program.clone()).collect());
            running.sort_by_key(|(end, _)| *end);
            if running.is_empty() {
                return moments;
            }
            let (end, program) = running.remove(0);
            now = end;
            schedule.ended(&program);
        }
    }

    fn names(moments: &[Vec<Program>]) -> Vec<String> {
        let name = |moment: &Vec<Program>| {
            let mut names: Vec<&str> = moment.iter().map(|it| it.source.as_str()).collect();
            names.sort_unstable();
            names.join("+")
        };
        moments.iter().map(name).collect()
    }

    #[test]
    fn the_longest_begins_and_two_run_at_once() {
        let moments =
            play(&[("a", Little, 1), ("b", Little, 9), ("c", Little, 5), ("d", Little, 2)]);
        assert_eq!(names(&moments), ["b+c", "b+d", "a+b", "b", ""]);
    }

    #[test]
    fn equal_ones_run_in_the_order_of_their_names() {
        let moments = play(&[("b", Little, 1), ("c", Little, 1), ("a", Little, 1)]);
        assert_eq!(names(&moments), ["a+b", "b+c", "c", ""]);
    }

    #[test]
    fn the_next_hbase_goes_first_but_never_beside_another() {
        let moments = play(&[
            ("h", Hbase, 3),
            ("i", Hbase, 2),
            ("l", Little, 4),
            ("m", Little, 4),
            ("j", Hbase, 9),
        ]);
        assert_eq!(names(&moments), ["j+l", "j+m", "j", "h", "i", ""]);
    }

    #[test]
    fn who_needs_the_machine_runs_at_the_end_and_alone() {
        let moments =
            play(&[("m", Machine, 9), ("n", Machine, 5), ("l", Little, 1), ("h", Hbase, 2)]);
        assert_eq!(names(&moments), ["h+l", "h", "m", "n", ""]);
    }

    #[test]
    fn whatever_the_seconds_all_run_within_the_rules() {
        // Every mixture of seven programs of three needs, with seconds that differ.
        for mixture in 0..3_u32.pow(7) {
            let needs = |at: u32| [Little, Hbase, Machine][(mixture / 3_u32.pow(at) % 3) as usize];
            let names = ["a", "b", "c", "d", "e", "f", "g"];
            let programs: Vec<_> =
                (0..7).map(|at| (names[at as usize], needs(at), (at * 5 + mixture) % 7)).collect();
            let moments = play(&programs);
            let mut seen: Vec<&str> =
                moments.iter().flatten().map(|it| it.source.as_str()).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen, names, "{programs:?}");
            for moment in &moments {
                let of = |needs| moment.iter().filter(|it| it.cost.needs == needs).count();
                assert!(moment.len() <= 2 && of(Hbase) <= 1, "{moment:?}");
                assert!(of(Machine) == 0 || moment.len() == 1, "{moment:?}");
            }
        }
    }
}
