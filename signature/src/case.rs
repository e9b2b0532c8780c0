//! What a rule looks at, and what it works on.

use crate::crash_data::CrashData;
use crate::generator::Signature;
use crate::lists::Lists;
use crate::post_rule::RuleFailed;
use crate::style::Style;

/// What every rule may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) crash: &'a CrashData,
    pub(crate) lists: &'a Lists,
    pub(crate) style: Style,
    /// Whether a step names the entry of a list that decided: it is searched for among all of them.
    pub(crate) names_entries: bool,
}

/// The signature at work.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// What is made so far.
    pub(crate) made: Signature,
    /// What was done, in order; none if nobody asked.
    pub(crate) steps: Option<Vec<String>>,
}

impl Draft {
    /// The signature so far.
    pub(crate) fn text(&self) -> &str {
        &self.made.signature
    }

    /// Puts another signature in the place of the one so far.
    pub(crate) fn set(&mut self, signature: impl Into<String>) {
        self.made.signature = signature.into();
    }

    /// Puts a mark before the signature.
    pub(crate) fn mark(&mut self, mark: &str) {
        self.made.signature = format!("{mark} | {}", self.made.signature);
    }

    /// Adds a note under a rule's name.
    pub(crate) fn note(&mut self, rule: &str, note: &str) {
        self.made.notes.push(format!("{rule}: {note}"));
    }

    /// Notes that a rule failed, and so changed nothing.
    pub(crate) fn failed(&mut self, rule: &str, failed: RuleFailed) {
        self.note(rule, &failed.to_string());
        self.step(|| format!("{rule}: {failed}"));
    }

    /// Adds a step, if anybody asked for them.
    pub(crate) fn step(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }
}
