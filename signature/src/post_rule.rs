//! A rule of signature generation: looks at the crash and at the signature so far, and changes it.

use crate::case::{Case, Draft};

/// One rule.
pub(crate) struct PostRule {
    /// Its name in notes.
    pub(crate) name: &'static str,
    /// What it does. It changes nothing where it does not apply, nor where it fails: that is noted,
    /// and the next rule goes on.
    pub(crate) apply: fn(&Case<'_>, &mut Draft),
}

/// What a rule could not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule failed: {0}")]
pub(crate) struct RuleFailed(pub(crate) &'static str);
