//! One rule: conditions, and what becomes of the crashes that meet them all.

use std::sync::Arc;

use auxilio_common::{Annotations, Random, Throttle, Timestamp};

use super::condition::Condition;

/// What a rule says of a crash that meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The rules after it decide.
    Continue,
    /// It decides.
    End(Throttle),
}

impl Step {
    /// The word for it in rule files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::End(Throttle::Accept) => "accept",
            Self::End(Throttle::Defer) => "defer",
            Self::End(Throttle::Discard) => "discard",
            Self::End(Throttle::FakeAccept) => "fake_accept",
        }
    }

    /// Every step.
    pub(crate) const ALL: [Self; 5] = [
        Self::Continue,
        Self::End(Throttle::Accept),
        Self::End(Throttle::Defer),
        Self::End(Throttle::Discard),
        Self::End(Throttle::FakeAccept),
    ];
}

/// Parts of a percent that a share is drawn in: down to one crash of a million.
const PARTS_OF_A_PERCENT: f64 = 10_000.0;

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Arc<str>,
    /// All must hold; none at all holds for every crash.
    pub(crate) when: Vec<Condition>,
    /// Alternatives, of which one must hold with all its conditions, if there are any.
    pub(crate) any: Vec<Vec<Condition>>,
    /// Share of the crashes that meet the conditions which gets the verdict, in percent.
    pub(crate) percent: f64,
    pub(crate) verdict: Step,
    /// What becomes of the rest.
    pub(crate) otherwise: Step,
}

impl Rule {
    /// Whether all conditions hold.
    pub(crate) fn matches(&self, annotations: &Annotations, now: Timestamp) -> bool {
        let all = |conditions: &[Condition]| {
            conditions.iter().all(|condition| condition.holds(annotations, now))
        };
        all(&self.when)
            && (self.any.is_empty() || self.any.iter().any(|conditions| all(conditions)))
    }

    /// In words: the condition that fails, or those that hold.
    pub(crate) fn why(&self, annotations: &Annotations, now: Timestamp) -> String {
        let fails = |conditions: &[Condition]| {
            let failing = conditions.iter().find(|condition| !condition.holds(annotations, now));
            failing.map(|condition| format!("not so: {}", condition.describe(annotations)))
        };
        if let Some(why) = fails(&self.when) {
            return why;
        }
        let met = self.any.iter().find(|conditions| fails(conditions).is_none());
        if met.is_none() && !self.any.is_empty() {
            let whys = self.any.iter().filter_map(|conditions| fails(conditions));
            return whys.collect::<Vec<_>>().join("; ");
        }
        let held = self.when.iter().chain(met.into_iter().flatten());
        let held: Vec<_> = held.map(|condition| condition.describe(annotations)).collect();
        if held.is_empty() { "it is for every crash".to_owned() } else { held.join(", and ") }
    }

    /// Draws what becomes of a crash, and says of how large a share it becomes so, in percent.
    pub(crate) fn draw(&self, random: &dyn Random) -> (Step, f64) {
        if self.percent >= 100.0 {
            return (self.verdict, 100.0);
        }
        if self.percent <= 0.0 {
            return (self.otherwise, 100.0);
        }
        #[expect(clippy::cast_precision_loss, reason = "below a million")]
        let drawn = random.below(1_000_000) as f64;
        if drawn < self.percent * PARTS_OF_A_PERCENT {
            (self.verdict, self.percent)
        } else {
            (self.otherwise, 100.0 - self.percent)
        }
    }

    /// Both ends with their shares in percent, empty ones left out.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (Step, f64)> {
        [(self.verdict, self.percent), (self.otherwise, 100.0 - self.percent)]
            .into_iter()
            .filter(|(_, percent)| *percent > 0.0)
    }
}
