//! A rule set: rules in order, of which the first that decides wins.

use std::sync::Arc;

use auxilio_common::{Annotations, Random, Throttle, Timestamp};
use auxilio_service::rule_text::{self, RulesError};

use super::rule::{Rule, Step};
use super::{rule_file, shipped};

/// The rule of crashes that no rule decided: they are discarded.
const NO_MATCH: &str = "NO_MATCH";

/// The rule of crashes whose id a trusted submitter chose: they were throttled where they first came.
const FROM_SUBMITTER: &str = "from_submitter";

/// A verdict, and what decided it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) throttle: Throttle,
    /// The rule that decided.
    pub(crate) rule: Arc<str>,
    /// Share of such crashes that gets this verdict in this way, in percent.
    pub(crate) sample_percent: f64,
}

impl Decision {
    /// The verdict about what a trusted submitter posts under an id of its own: a second post must be
    /// answered like the first, so nothing is drawn.
    pub(crate) fn from_submitter() -> Self {
        Self { throttle: Throttle::Accept, rule: FROM_SUBMITTER.into(), sample_percent: 100.0 }
    }
}

/// Rules in their order.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) rules: Vec<Rule>,
}

impl RuleSet {
    /// Loads a shipped rule set by its name, or a file by its path.
    pub fn load(source: &str) -> Result<Self, RulesError> {
        if let Some(text) = shipped::text(source) {
            return Self::parse(source, text);
        }
        let shipped = || shipped::names().collect::<Vec<_>>().join(", ");
        Self::parse(source, &rule_text::read_file(source, "rule set", shipped)?)
    }

    fn parse(path: &str, text: &str) -> Result<Self, RulesError> {
        rule_file::read(text)
            .map(|rules| Self { rules })
            .map_err(|source| RulesError::Refused { path: path.to_owned(), source })
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule: then everything is discarded. No file makes such a set.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The verdict about one crash.
    pub(crate) fn decide(
        &self,
        annotations: &Annotations,
        now: Timestamp,
        random: &dyn Random,
    ) -> Decision {
        let mut sample_percent = 100.0;
        for rule in self.rules.iter().filter(|rule| rule.matches(annotations, now)) {
            let (step, percent) = rule.draw(random);
            sample_percent = sample_percent * percent / 100.0;
            if let Step::End(throttle) = step {
                return Decision { throttle, rule: Arc::clone(&rule.name), sample_percent };
            }
        }
        Decision { throttle: Throttle::Discard, rule: NO_MATCH.into(), sample_percent }
    }

    /// The name under which explanations show that nothing decided.
    pub(crate) fn no_match() -> &'static str {
        NO_MATCH
    }
}
