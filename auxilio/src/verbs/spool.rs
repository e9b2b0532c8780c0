//! `auxilio spool`: what lies in the spools, whether it is whole, and what comes back from quarantine.
//!
//! It works on any folder that is a spool, also on one of another machine, while the collector and
//! the crashmover run, and without them.

mod line;
mod ls;
mod reading;
mod requeue;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use auxilio_common::Clock;
use auxilio_crashmover::{CarriedSpool, carried_spools};
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use auxilio_spool::Source;

use self::line::Lines;
use crate::cli::{Place, SpoolVerb};
use crate::installation::{Installation, absolute};

pub(crate) fn perform(
    place: &Place,
    dirs: &[PathBuf],
    verb: &SpoolVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let spools = if dirs.is_empty() {
        let config = Installation::find(place, environment)?.config;
        carried_spools(&config.spool, &config.crashmover, &clock)
    } else {
        named_spools(dirs, &clock)?
    };
    let mut lines = Lines::new(place.json);
    let ended = match verb {
        SpoolVerb::Ls { summary } => ls::perform(&spools, *summary, &*clock, &mut lines),
        SpoolVerb::Verify => verify::perform(&spools, &mut lines),
        SpoolVerb::Requeue(options) => requeue::perform(spools, options, &mut lines),
    };
    let is_good = ended.and_then(|is_good| lines.flush().map(|()| is_good))?;
    Ok(ExitCode::from(u8::from(!is_good)))
}

/// Spools by their folders alone: no installation is needed.
fn named_spools(dirs: &[PathBuf], clock: &Arc<dyn Clock>) -> anyhow::Result<Vec<CarriedSpool>> {
    dirs.iter()
        .map(|dir| {
            let source = Source::new(absolute(dir)?, Arc::clone(clock));
            Ok(CarriedSpool { name: dir.display().to_string(), source })
        })
        .collect()
}
