//! The verdict about a submission. The one rule set so far takes everything.

use auxilio_common::{Annotations, Throttle};

/// A verdict, and what decided it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) throttle: Throttle,
    /// The rule that decided.
    pub(crate) rule: &'static str,
    /// Share of such crashes that is kept, in percent.
    pub(crate) sample_percent: f64,
}

/// The rule set `accept-all`.
pub(crate) fn decide(_annotations: &Annotations) -> Decision {
    Decision { throttle: Throttle::Accept, rule: "accept_everything", sample_percent: 100.0 }
}
