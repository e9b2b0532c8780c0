//! A rule: when it applies, and what it adds to the processed crash.

use crate::case::Case;
use crate::draft::Draft;

/// One rule. It is pure: the same case and draft give the same change.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, in notes, metrics and the list of failed rules.
    pub name: &'static str,
    /// Whether there is anything for it to do.
    pub applies: fn(&Case<'_>, &Draft) -> bool,
    /// What it does.
    pub act: fn(&Case<'_>, &mut Draft) -> Result<(), RuleError>,
}

/// Why a rule failed. The others run all the same.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A part of the walker's answer has another shape than agreed.
    #[error("{path} is no {expected}")]
    Shape {
        /// Where, in the walker's answer.
        path: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// For rules that always apply.
pub fn always(_: &Case<'_>, _: &Draft) -> bool {
    true
}

/// For rules that need a stack.
pub fn with_stack(case: &Case<'_>, _: &Draft) -> bool {
    case.stack.is_some()
}
