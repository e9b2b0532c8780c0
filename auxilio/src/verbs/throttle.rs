//! `auxilio throttle`: which rule decides about a crash, and why.

use std::process::ExitCode;

use auxilio_collector::{Explanation, RuleSet};
use auxilio_common::Clock;
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;

use super::annotations;
use crate::cli::{Place, ThrottleVerb};
use crate::installation::Installation;

pub(crate) fn perform(
    place: &Place,
    verb: &ThrottleVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let ThrottleVerb::Explain { file, rules } = verb;
    let config = Installation::find(place, environment)?.config.collector;
    let rules = rules.as_ref().unwrap_or(&config.throttle.rules);
    let set = RuleSet::load(rules)?;
    let explanation =
        set.explain(annotations::read(file)?, &config.removed_fields, SystemClock::start().now());
    if place.json {
        println!("{}", serde_json::to_string(&explanation)?);
    } else {
        print(&explanation);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(explanation: &Explanation) {
    for rule in &explanation.rules {
        let says = if rule.matches { "MATCHES" } else { "no" };
        println!("{:>3} {:<36} {says}: {}", rule.number, rule.rule, rule.why);
    }
    for outcome in &explanation.outcomes {
        println!("verdict: {} by {}, {} %", outcome.verdict, outcome.rule, outcome.percent);
    }
}
