//! `auxilio loadtest`: real crashes at a rate or flat out, and what the system made of them.
//!
//! The generator is closed at its senders: each posts, waits for the answer, and posts again. With
//! a rate, the moment at which a crash was due counts, not the moment at which a sender was free:
//! waiting for a slow answer is part of the next one's time.

mod figures;
mod senders;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::environment::Environment;

use self::figures::Figures;
use self::senders::Senders;
use self::watch::Watch;
use super::form::Form;
use crate::cli::{LoadtestOptions, Place};
use crate::installation::Installation;

/// Time that the system may take to process what it has accepted, after the last post.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(600);

pub(crate) fn perform(
    place: &Place,
    options: &LoadtestOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let (collector, middleware) = addresses(place, options, environment)?;
    let forms = read_forms(options)?;
    let clock = Arc::new(SystemClock::start());
    let runtime = super::runtime()?;
    let figures = runtime.block_on(async {
        let watch = Watch::start(&middleware, clock.clone());
        let senders = Senders::new(&collector, forms, options, clock);
        let sent = senders.run(&watch).await?;
        let drained = watch.finish(&sent, DRAIN_TIME_MAX).await;
        Ok::<_, anyhow::Error>(Figures::of(&sent, &drained))
    })?;
    if place.json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        print!("{figures}");
    }
    Ok(if figures.lost == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn addresses(
    place: &Place,
    options: &LoadtestOptions,
    environment: &Environment,
) -> anyhow::Result<(String, String)> {
    let trimmed = |url: &String| url.trim_end_matches('/').to_owned();
    let (given_collector, given_middleware) =
        (options.collector.as_ref().map(trimmed), options.middleware.as_ref().map(trimmed));
    if let (Some(collector), Some(middleware)) = (&given_collector, &given_middleware) {
        return Ok((collector.clone(), middleware.clone()));
    }
    let config = Installation::find(place, environment)?.config;
    Ok((
        given_collector.unwrap_or_else(|| format!("http://{}", config.collector.address)),
        given_middleware.unwrap_or_else(|| format!("http://{}", config.middleware.address)),
    ))
}

fn read_forms(options: &LoadtestOptions) -> anyhow::Result<Vec<Form>> {
    let mut annotations = options.annotation.clone();
    for (name, value) in [("ProductName", "Loadtest"), ("Version", "1.0")] {
        if annotations.iter().all(|(known, _)| known != name) {
            annotations.push((name.to_owned(), value.to_owned()));
        }
    }
    let form = |path: &std::path::PathBuf| {
        let dump =
            std::fs::read(path).with_context(|| format!("can't read \"{}\"", path.display()))?;
        Ok(Form::new(&dump, None, &annotations, &SystemRandom))
    };
    options.dumps.iter().map(form).collect()
}
