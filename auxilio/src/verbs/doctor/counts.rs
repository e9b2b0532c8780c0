//! Whether every submission and every kept crash is accounted for, by numbers that were counted in different
//! places: the collector's counts, the crashmover's, and the files that are there.
//!
//! All goes on meanwhile, so counts are read before and after the files: what lies between the two is the
//! play that a sum has. On a quiet system there is none.

use std::thread;
use std::time::Duration;

use auxilio_common::SubmissionOutcome;
use auxilio_crashmover::{CarriedSpool, OWN_SPOOLS};
use auxilio_service::error_chain;
use auxilio_spool::Source;
use auxilio_spool::counts::{self, Counts, Reading};

use super::kept::{self, Kept};
use super::{Finding, Verdict};

/// Time in which every live writer has written its counts: it does so each second.
const WRITTEN_WITHIN: Duration = Duration::from_millis(2_500);

/// Looks for a moment in which nothing happens.
const LOOKS_MAX: usize = 3;

/// Spools whose counts belong together.
pub(super) struct Group {
    /// What they are called together.
    pub(super) name: String,
    pub(super) sources: Vec<Source>,
    /// The spools whose crashmover carries them now, and what it calls them.
    carrier: Option<(Vec<Source>, String)>,
}

/// What is counted about a group.
pub(super) struct Numbers {
    /// Counts of submissions, each as its writer wrote it.
    collectors: Vec<Counts>,
    /// All of these together.
    pub(super) submissions: Counts,
    /// What crashmovers did with crashes of the group.
    pub(super) carried: Counts,
    lives: bool,
}

pub(super) fn check(spools: Vec<CarriedSpool>) -> Vec<Finding> {
    groups(spools).iter().flat_map(check_group).collect()
}

/// The collector's spools are one group, which is counted together. Each further spool is one.
fn groups(spools: Vec<CarriedSpool>) -> Vec<Group> {
    let (ours, further): (Vec<_>, Vec<_>) = spools.into_iter().partition(CarriedSpool::is_own);
    let sources: Vec<_> = ours.into_iter().map(|spool| spool.source).collect();
    let further = further.into_iter().map(|spool| Group {
        carrier: Some((sources.clone(), spool.name.clone())),
        name: spool.name,
        sources: vec![spool.source],
    });
    let further: Vec<_> = further.collect();
    let name = OWN_SPOOLS[0].to_owned();
    std::iter::once(Group { name, sources, carrier: None }).chain(further).collect()
}

fn check_group(group: &Group) -> Vec<Finding> {
    match look(group) {
        Ok((before, files, after)) => {
            let mut findings = submissions(group, &after);
            findings.extend(kept::compare(group, &before, &files, &after));
            findings
        }
        Err(error) => vec![Finding {
            check: "counts",
            spool: group.name.clone(),
            product: None,
            result: Verdict::NotKnown,
            says: error_chain(&error),
        }],
    }
}

/// Looks until nothing has changed meanwhile, so that the sums are exact; a busy system stays inexact.
fn look(group: &Group) -> Result<(Numbers, Kept, Numbers), auxilio_spool::Error> {
    let mut looks = 1;
    loop {
        let before = Numbers::read(group)?;
        let files = Kept::in_spools(&group.sources)?;
        if before.lives {
            thread::sleep(WRITTEN_WITHIN);
        }
        let after = Numbers::read(group)?;
        let is_quiet =
            (&before.submissions, &before.carried) == (&after.submissions, &after.carried);
        if is_quiet || looks == LOOKS_MAX {
            return Ok((before, files, after));
        }
        looks += 1;
    }
}

/// Each writer's own sum, which holds at every moment.
fn submissions(group: &Group, numbers: &Numbers) -> Vec<Finding> {
    let is_wrong = |counts: &&Counts| counts.received != counts.in_flight + ended(counts);
    let wrong: Vec<_> = numbers.collectors.iter().filter(is_wrong).collect();
    let finding = |counts: &Counts, result| Finding {
        check: "submissions",
        spool: group.name.clone(),
        product: None,
        result,
        says: sum(counts),
    };
    if wrong.is_empty() {
        return vec![finding(&numbers.submissions, Verdict::Fine)];
    }
    wrong.into_iter().map(|counts| finding(counts, Verdict::Differs)).collect()
}

fn ended(counts: &Counts) -> u64 {
    SubmissionOutcome::ALL.iter().map(|outcome| counts.outcome(outcome.as_str())).sum()
}

fn sum(counts: &Counts) -> String {
    let ends = SubmissionOutcome::ALL
        .map(|outcome| format!(" + {} {}", counts.outcome(outcome.as_str()), outcome.as_str()));
    let all = counts.in_flight + ended(counts);
    let is = if counts.received == all { "=" } else { "is not" };
    format!("{} received {is} {} in_flight{}", counts.received, counts.in_flight, ends.concat())
}

impl Numbers {
    fn read(group: &Group) -> Result<Self, auxilio_spool::Error> {
        let mut numbers = Self {
            collectors: Vec::new(),
            submissions: Counts::default(),
            carried: Counts::default(),
            lives: false,
        };
        for source in &group.sources {
            source.check_readable()?;
        }
        for reading in counts::read(&group.sources)? {
            // What their own machine called them.
            numbers.add(reading?, |spool| OWN_SPOOLS.contains(&spool), true);
        }
        if let Some((sources, name)) = &group.carrier {
            for reading in counts::read(sources)? {
                numbers.add(reading?, |spool| spool == name, false);
            }
        }
        Ok(numbers)
    }

    /// Whether there are any counts of what was kept.
    pub(super) fn is_counted(&self) -> bool {
        !self.collectors.is_empty()
    }

    fn add(&mut self, reading: Reading, is_meant: impl Fn(&str) -> bool, submissions: bool) {
        self.lives |= reading.lives;
        let (mut submitted, mut carried) = (Counts::default(), Counts::default());
        for (event, count) in reading.counts.events {
            if event.spool.is_empty() {
                submitted.events.insert(event, count);
            } else if is_meant(&event.spool) {
                carried.events.insert(event, count);
            }
        }
        self.carried.merge(&carried);
        if submissions {
            submitted.received = reading.counts.received;
            submitted.in_flight = reading.counts.in_flight;
            self.submissions.merge(&submitted);
            self.collectors.push(submitted);
        }
    }
}
