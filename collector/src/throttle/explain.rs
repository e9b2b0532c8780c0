//! Why a crash gets its verdict: for operators who write rules.

use auxilio_common::{Annotations, Timestamp, annotation};
use serde::Serialize;

use super::RuleSet;
use super::private;
use super::rule::Step;

/// What all rules say of one crash.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The rules that were looked at, in order: those after the one that surely decides are left out.
    pub rules: Vec<RuleExplanation>,
    /// Every verdict that is possible. The shares add up to 100.
    pub outcomes: Vec<RuleOutcome>,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleExplanation {
    /// The rule's place, from 1.
    pub number: usize,
    /// Its name.
    pub rule: String,
    /// Whether all its conditions hold.
    pub matches: bool,
    /// The condition that fails, or all that hold.
    pub why: String,
}

/// A verdict that is possible.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleOutcome {
    /// `accept`, `defer`, `discard` or `fake_accept`.
    pub verdict: &'static str,
    /// The rule that decides.
    pub rule: String,
    /// The share of such crashes, in percent.
    pub percent: f64,
}

impl RuleSet {
    /// Explains the verdict about a crash whose annotations are given, as a collector gets them;
    /// `removed_fields` are those that it drops on arrival.
    pub fn explain(
        &self,
        mut annotations: Annotations,
        removed_fields: &[String],
        now: Timestamp,
    ) -> Explanation {
        private::remove(&mut annotations, removed_fields, &mut Vec::new());
        annotation::fill_from_aliases(&mut annotations);
        let (mut rules, mut outcomes, mut open) = (Vec::new(), Vec::new(), 100.0);
        for (place, rule) in self.rules.iter().enumerate() {
            let matches = rule.matches(&annotations, now);
            let why = rule.why(&annotations, now);
            rules.push(RuleExplanation {
                number: place + 1,
                rule: rule.name.to_string(),
                matches,
                why,
            });
            if !matches {
                continue;
            }
            let mut goes_on = 0.0;
            for (step, percent) in rule.ends() {
                let percent = open * percent / 100.0;
                match step {
                    Step::Continue => goes_on += percent,
                    Step::End(_) => outcomes.push(RuleOutcome {
                        verdict: step.as_str(),
                        rule: rule.name.to_string(),
                        percent,
                    }),
                }
            }
            open = goes_on;
            if open <= 0.0 {
                return Explanation { rules, outcomes };
            }
        }
        let rule = RuleSet::no_match().to_owned();
        outcomes.push(RuleOutcome { verdict: "discard", rule, percent: open });
        Explanation { rules, outcomes }
    }
}
