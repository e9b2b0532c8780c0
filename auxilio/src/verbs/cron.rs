//! `auxilio cron`: periodic work, by hand and looked at.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use auxilio_common::{Clock, Day};
use auxilio_cron::{Engine, JobView, Step, Tried};
use auxilio_database::{Database, DbRole};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::environment::Environment;
use serde_json::json;

use super::reconcile::Forgotten;
use super::runtime;
use crate::cli::{CronVerb, Place};
use crate::installation::Installation;
use crate::store;

/// All that makes a day's reports, under one name.
const NIGHTLY: &str = "nightly";

pub(crate) fn perform(
    place: &Place,
    verb: &CronVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config;
    let database = Database::connect(&config.database, DbRole::Cron)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let forgotten = Arc::new(Forgotten::of(store::open(&config)?, database.clone()));
    let engine = Engine::new(
        config.cron,
        database.clone(),
        forgotten,
        Arc::clone(&clock),
        Arc::new(SystemRandom),
    )?;
    let as_json = place.json;
    runtime()?.block_on(async {
        database.check().await?;
        match verb {
            CronVerb::List => list(&engine.views().await?, as_json),
            CronVerb::Status => Ok(status(&engine.views().await?, as_json)),
            CronVerb::Run { job, date } => {
                let yesterday = clock.now().day().and_then(Day::previous);
                let day = date.or(yesterday).context("the clock stands before 2000")?;
                run_days(&engine, job, day, day, as_json).await
            }
            CronVerb::Backfill { job, from, to } => {
                run_days(&engine, job, *from, *to, as_json).await
            }
        }
    })
}

async fn run_days(
    engine: &Engine,
    job: &str,
    from: Day,
    to: Day,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    if job != NIGHTLY && !engine.names().contains(&job) {
        let names = engine.names().join(", ");
        eprintln!("auxilio: there is no job \"{job}\"; there are {NIGHTLY}, {names}");
        return Ok(ExitCode::from(2));
    }
    if from > to {
        eprintln!("auxilio: there is no day from {from} to {to}");
        return Ok(ExitCode::from(2));
    }
    let mut next = Some(from);
    while let Some(day) = next.filter(|day| *day <= to) {
        let steps = if job == NIGHTLY {
            engine.run_nightly(day, |step| tell(day, step, as_json)).await?
        } else {
            let step = engine.run_by_hand(job, day).await?;
            step.into_iter().inspect(|step| tell(day, step, as_json)).collect()
        };
        let failed: Vec<&str> =
            steps.iter().filter(|step| !step.is_done()).map(|step| step.job).collect();
        if !failed.is_empty() {
            eprintln!("auxilio: {day}: not done: {}", failed.join(", "));
            return Ok(ExitCode::from(1));
        }
        next = day.next();
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(day: Day, step: &Step, as_json: bool) {
    let (outcome, count, error) = match &step.tried {
        Some(Tried::Done(count)) => ("done", Some(*count), None),
        Some(Tried::Failed(error)) => ("failed", None, Some(error.as_str())),
        Some(Tried::Taken) => ("failed", None, Some("another run of this job is under way")),
        Some(Tried::Lost) => ("failed", None, Some("its lease ran out, and another run took over")),
        None => ("left out", None, Some("a job that it waits for failed")),
    };
    if as_json {
        let line = json!({"day": day, "job": step.job, "outcome": outcome, "count": count, "error": error});
        println!("{line}");
    } else if let Some(count) = count {
        println!("{day} {:<26} {outcome} {count}", step.job);
    } else {
        println!("{day} {:<26} {outcome}: {}", step.job, error.unwrap_or_default());
    }
}

fn list(views: &[JobView], as_json: bool) -> anyhow::Result<ExitCode> {
    for view in views {
        if as_json {
            println!("{}", serde_json::to_string(view)?);
        } else {
            println!("{:<26} {:<14} {}", view.job, view.schedule, view.about);
            if !view.depends_on.is_empty() {
                println!("{:<26} waits for {}", "", view.depends_on.join(", "));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn status(views: &[JobView], as_json: bool) -> ExitCode {
    for view in views {
        if as_json {
            println!("{}", json!(view));
            continue;
        }
        let at = |time: Option<auxilio_common::Timestamp>| {
            time.map_or_else(|| "never".to_owned(), |time| time.to_string())
        };
        println!(
            "{:<26} {:<8} done until {}, next {}",
            view.job,
            view.state,
            at(view.done_until),
            at(view.next_slot)
        );
        if !view.waits_for.is_empty() {
            println!("{:<26} waits for {}", "", view.waits_for.join(", "));
        }
        if let Some(error) = &view.last_error {
            println!("{:<26} failed {} times: {error}", "", view.error_count);
        }
    }
    ExitCode::from(u8::from(views.iter().any(|view| view.error_count > 0)))
}
