//! `auxilio sample`: real crashes with plausible annotations, spread over past days.
//!
//! Each sample is decided by the seed, its day and its number within the day, so the same command on
//! the same day posts the same crashes. Days are whole days before today: no sample lies in the
//! future. Tables of words (products, systems, add-ons, comments, ...) are files of their own; a
//! `story` is what one person lives through, a `scene` where, a `crash` what.

mod addons;
mod annotations;
mod calendar;
mod comments;
mod crash;
mod dice;
mod fast;
mod kinds;
mod plan;
mod plugins;
mod pool;
mod post;
mod products;
mod readable;
mod releases;
mod row;
mod scene;
mod signatures;
mod sites;
mod story;
mod systems;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use auxilio_common::Clock;
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use auxilio_service::secret::Secret;
use serde_json::json;

use self::plan::Plan;
use self::post::Poster;
use self::story::Sample;
use super::runtime;
use crate::cli::{Place, SampleOptions};
use crate::installation::{self, Installation};
use crate::up::secrets::Secrets;

pub(crate) fn perform(
    place: &Place,
    options: &SampleOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let clock = SystemClock::start();
    if let Some(day) = options.date {
        return fast::perform(place, options, day, environment, &clock);
    }
    let today = clock.now().day().context("the clock shows no usable day")?;
    let plan = Plan::over_days(options.seed, options.count, today, options.days);
    let dir = data_dir(place, environment)?;
    let config = Installation::find(place, environment)?.config;
    let collector = match &options.collector {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", config.collector.address),
    };
    let token = match &options.token_file {
        Some(path) => Secret::read(path),
        None => Secret::read(&Secrets::of(&dir).submitter_token),
    };
    let token = token.context("samples choose their ids, which takes a submitter's token")?;
    let symbols = config.processor.symbols_dirs.first().cloned();
    let symbols = symbols.unwrap_or_else(|| dir.join("symbols"));
    let dumps = pool::fill(&dir, &symbols, &plan.dumps())?;
    let poster = Poster::new(&collector, &token, dumps, &plan);
    runtime()?.block_on(poster.run(|sample| print(sample, place.json)))?;
    Ok(ExitCode::SUCCESS)
}

/// The data folder: the pool of dumps lies in it.
fn data_dir(place: &Place, environment: &Environment) -> anyhow::Result<PathBuf> {
    let dir = match &place.data {
        Some(dir) => installation::absolute(dir)?,
        None => installation::default_dir(environment)?,
    };
    dir.is_dir().then_some(()).with_context(|| {
        let dir = dir.display();
        format!("there is no data folder \"{dir}\": name one with --data DIR")
    })?;
    Ok(dir)
}

fn print(sample: &Sample, as_json: bool) {
    if as_json {
        let kind = sample.dumps.first().map_or("java", |(_, dump)| dump.kind);
        println!(
            "{}",
            json!({"crash_id": sample.crash_id, "submitted_timestamp": sample.submitted, "kind": kind})
        );
    } else {
        println!("bp-{}", sample.crash_id);
    }
}
