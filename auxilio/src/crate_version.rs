//! What this program is.

use auxilio_service::Version;

/// Release and commit, as `/__version__` says them.
pub(crate) const VERSION: Version =
    Version { version: env!("CARGO_PKG_VERSION"), commit: env!("AUXILIO_COMMIT") };
