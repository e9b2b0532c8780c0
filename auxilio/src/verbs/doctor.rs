//! `auxilio doctor`: looks an installation over, and names what is not as it must be. Changes nothing.

mod counts;
mod kept;

use std::process::ExitCode;
use std::sync::Arc;

use auxilio_common::Clock;
use auxilio_crashmover::carried_spools;
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use serde::Serialize;

use crate::cli::Place;
use crate::installation::Installation;

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Fine,
    Differs,
    NotKnown,
}

/// What one check found.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    /// The spool, or the spools of this machine's collector together.
    spool: String,
    /// The product, where one alone is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    result: Verdict,
    says: String,
}

pub(crate) fn perform(place: &Place, environment: &Environment) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let findings = counts::check(carried_spools(&config.spool, &config.crashmover, &clock));
    for finding in &findings {
        if place.json {
            println!("{}", serde_json::to_string(finding)?);
        } else {
            let verdict = match finding.result {
                Verdict::Fine => "fine",
                Verdict::Differs => "DIFFERS",
                Verdict::NotKnown => "not known",
            };
            println!("{verdict:9}  {} ({}): {}", finding.check, finding.spool, finding.says);
        }
    }
    let is_fine = findings.iter().all(|finding| finding.result == Verdict::Fine);
    Ok(ExitCode::from(u8::from(!is_fine)))
}
