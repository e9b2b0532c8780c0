//! The verdict about a submission: ordered rules over its annotations, and quotas.
//!
//! It falls when the whole form is there. A later part may add an annotation or change one (a field
//! that comes twice, a JSON part after fields), so before the last part no rule that looks at an
//! annotation has decided for good. What is not kept is unlinked without a flush.

mod build_id;
mod condition;
mod explain;
mod live;
pub(crate) mod private;
pub(crate) mod quota;
mod rule;
mod rule_file;
mod rule_set;
#[cfg(test)]
mod rule_set_tests;
mod shipped;
mod version;

pub use explain::{Explanation, RuleExplanation, RuleOutcome};
pub(crate) use live::LiveRules;
pub(crate) use rule_set::Decision;
pub use rule_set::RuleSet;
