//! `auxilio throttle`: which rule decides about a crash, and why.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use auxilio_collector::{Explanation, RuleSet};
use auxilio_common::{Annotations, Clock};
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use serde_json::Value;

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
    let explanation = set.explain(read(file)?, &config.removed_fields, SystemClock::start().now());
    if place.json {
        println!("{}", serde_json::to_string(&explanation)?);
    } else {
        print(&explanation);
    }
    Ok(ExitCode::SUCCESS)
}

/// The annotations of a file, `-` for standard input. A raw crash does too: what is no text counts as
/// its JSON, as it does on arrival.
fn read(file: &str) -> anyhow::Result<Annotations> {
    let text = if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("can't read \"{file}\""))?
    };
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("\"{file}\" is no JSON"))?;
    let Value::Object(fields) = value else { bail!("\"{file}\" is no JSON object of annotations") };
    let texts = fields.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Null => None,
        other => Some((name, other.to_string())),
    });
    Ok(texts.collect())
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
