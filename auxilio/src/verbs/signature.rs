//! `auxilio signature`: crash data in, one JSON object a line; signatures out, in the same order. And its
//! verbs, by which other lists are tried on stored crashes, applied to them and undone.

mod applying;
mod candidate;
mod moves;
mod pages;
mod telling;
mod trial;
mod undoing;

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use auxilio_common::{Clock, Day};
use auxilio_database::{Database, DbRole};
use auxilio_processor::list_folder::ListFolder;
use auxilio_service::Shutdown;
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use auxilio_signature::{CrashData, Generator, Lists};
use serde_json::{Value, json};

use self::candidate::Candidate;
use super::runtime;
use crate::cli::{ListOptions, Place, SignatureOptions, SignatureVerb};
use crate::installation::Installation;

/// Time that a batch under way has after the first signal.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);

/// What the verbs over stored crashes work with.
struct Work {
    database: Database,
    shutdown: Shutdown,
    as_json: bool,
}

pub(crate) fn perform(
    place: &Place,
    options: &SignatureOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let Some(verb) = &options.verb else { return filter(options) };
    let config = Installation::find(place, environment)?.config;
    runtime()?.block_on(async {
        let shutdown = Shutdown::new();
        shutdown.on_signals(STOP_TIME_MAX).context("signals can't be waited for")?;
        let database = Database::connect(&config.database, DbRole::Cron)?;
        let work = Work { database, shutdown, as_json: place.json };
        match verb {
            SignatureVerb::Try { lists, limit } => {
                let candidate = Candidate::read(&config.processor, lists)?;
                trial::perform(&work, candidate, days(lists)?, *limit).await
            }
            SignatureVerb::Apply { lists, rate } => {
                let candidate = Candidate::read(&config.processor, lists)?;
                let days = days(lists)?;
                applying::perform(&work, candidate, days, *rate, &user(environment)).await
            }
            SignatureVerb::Undo { change, rate } => {
                undoing::perform(&work, *change, *rate, &user(environment)).await
            }
            SignatureVerb::Changes => telling::changes(&work).await,
        }
    })
}

/// The first and the last day: crashes of tomorrow come from clocks that are ahead.
fn days(options: &ListOptions) -> anyhow::Result<(Day, Day)> {
    let today = SystemClock::start().now().day().context("the clock shows no usable day")?;
    let days = std::iter::successors(Some(today), |day| day.previous());
    let first = days.take(usize::try_from(options.days)?).last().unwrap_or(today);
    Ok((first, today.next().unwrap_or(today)))
}

/// Who does this, for the record.
fn user(environment: &Environment) -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let name = names.iter().find_map(|name| environment.get(name)).filter(|name| !name.is_empty());
    name.map_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()), str::to_owned)
}

fn filter(options: &SignatureOptions) -> anyhow::Result<ExitCode> {
    let replaced;
    let lists = match &options.lists {
        None => Lists::built_in(),
        Some(dir) => {
            replaced = ListFolder::read(dir)?.over(&Lists::default())?;
            &replaced
        }
    };
    let generator = Generator::new(lists);
    let mut input = std::io::stdin().lock();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).context("can't read standard input")? > 0 {
        if !line.trim_ascii().is_empty() {
            serde_json::to_writer(&mut out, &answer(&line, generator, options.explain))?;
            out.write_all(b"\n")?;
        }
        line.clear();
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn answer(line: &[u8], generator: Generator<'_>, explain: bool) -> Value {
    let Ok(line) = std::str::from_utf8(line) else {
        return json!({"error": "the line is no UTF-8"});
    };
    let data = match CrashData::from_json(line) {
        Ok(data) => data,
        Err(error) => return json!({"error": format!("the line is no crash data: {error}")}),
    };
    let (signature, steps) =
        if explain { generator.explain(&data) } else { (generator.generate(&data), Vec::new()) };
    let mut answer = json!({
        "signature": signature.signature,
        "notes": signature.notes,
        "proto_signature": signature.proto_signature(),
        "group_key": signature.group_key,
    });
    if explain {
        answer["steps"] = steps.into();
    }
    answer
}
