//! The two lanes of the spool.

use auxilio_common::Throttle;

/// What happens to a crash once it is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// It is processed.
    Standard,
    /// It waits until somebody asks.
    Deferred,
}

impl Lane {
    /// Both, the more urgent first.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Deferred];

    /// The lane of a verdict; `None` for crashes that are not kept.
    pub fn of(throttle: Throttle) -> Option<Self> {
        match throttle {
            Throttle::Accept => Some(Self::Standard),
            Throttle::Defer => Some(Self::Deferred),
            Throttle::Discard | Throttle::FakeAccept => None,
        }
    }

    /// The name in paths, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Deferred => "deferred",
        }
    }
}
