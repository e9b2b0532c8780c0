//! What every role is handed: its name, the clock, randomness, shutdown and health.

use std::sync::Arc;

use auxilio_common::{Clock, Random};

use crate::clock::{SystemClock, SystemRandom};
use crate::health::Health;
use crate::shutdown::Shutdown;

/// What the program is, for `/__version__`.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The release.
    pub version: &'static str,
    /// The commit that it was built from, or `unknown`.
    pub commit: &'static str,
}

/// The shell around one role.
#[derive(Clone)]
pub struct Shell {
    /// The role's name, as in `auxilio run ROLE`.
    pub role: &'static str,
    /// What the program is.
    pub version: Version,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// The two stages of stopping.
    pub shutdown: Shutdown,
    /// What the role needs, and whether it has it.
    pub health: Health,
}

impl Shell {
    /// A shell with the system's clock and randomness.
    pub fn new(role: &'static str, version: Version, shutdown: Shutdown) -> Self {
        Self {
            role,
            version,
            clock: Arc::new(SystemClock::start()),
            random: Arc::new(SystemRandom),
            shutdown,
            health: Health::default(),
        }
    }
}
