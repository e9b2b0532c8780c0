//! Which spools are carried, by the configuration.

use std::path::PathBuf;
use std::sync::Arc;

use auxilio_common::Clock;
use auxilio_spool::Source;

use crate::Config;

/// What the spool of a machine's own collector is called, and its fallback.
pub const OWN_SPOOLS: [&str; 2] = [PRIMARY, FALLBACK];

const PRIMARY: &str = "primary";
const FALLBACK: &str = "fallback";

/// A spool that is carried.
#[derive(Clone, Debug)]
pub struct CarriedSpool {
    /// What metrics, health, logs and verbs call it: `primary`, `fallback`, or its folder.
    pub name: String,
    /// The spool.
    pub source: Source,
}

impl CarriedSpool {
    /// Whether this machine's collector writes it. Counts stand in these.
    pub fn is_own(&self) -> bool {
        OWN_SPOOLS.contains(&self.name.as_str())
    }
}

/// The spool of this machine's collector, its fallback if there is one, and the further ones. None
/// needs to be there; nothing is touched.
pub fn carried_spools(
    spool: &auxilio_spool::Config,
    crashmover: &Config,
    clock: &Arc<dyn Clock>,
) -> Vec<CarriedSpool> {
    let of = |name: String, dir: &PathBuf| CarriedSpool {
        name,
        source: Source::new(dir.clone(), Arc::clone(clock)),
    };
    std::iter::once(of(PRIMARY.to_owned(), &spool.dir))
        .chain(spool.fallback_dir.iter().map(|dir| of(FALLBACK.to_owned(), dir)))
        .chain(crashmover.further_spools.iter().map(|dir| of(dir.display().to_string(), dir)))
        .collect()
}
