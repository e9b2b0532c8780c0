//! `auxilio reprocess`: asks for crashes to be processed again, in lane reprocess.
//!
//! Which ones is said by ids, by a file of ids, or by a condition over the columns of `reports`. A
//! condition's crashes come in pages, are looked up in the store and asked for in batches: what is in
//! memory does not grow with their number.

mod asking;
mod ids;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use auxilio_common::CrashId;
use auxilio_database::{Database, DbRole, Error};
use auxilio_service::Shutdown;
use auxilio_service::environment::Environment;

use self::asking::Asking;
use self::ids::Listed;
use super::runtime;
use crate::cli::{Place, ReprocessOptions};
use crate::config::Config;
use crate::installation::Installation;
use crate::store;

/// Crashes of one page of a condition: some reads of a week, and a megabyte.
const PAGE_CRASHES: usize = 5_000;

/// Time that a batch under way has after the first signal.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);

/// Where the crashes come from.
enum Source {
    Ids(Vec<CrashId>),
    Condition(String),
}

pub(crate) fn perform(
    place: &Place,
    options: &ReprocessOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let source = match (&options.file, &options.condition) {
        (Some(file), _) => match ids::read(file)? {
            Listed::Ids(ids) => Source::Ids(ids),
            Listed::Malformed(lines) => {
                ids::tell_malformed(file, &lines, place.json);
                return Ok(ExitCode::from(1));
            }
        },
        (None, Some(condition)) => Source::Condition(condition.clone()),
        (None, None) => Source::Ids(ids::unique(options.ids.iter().copied())),
    };
    let config = Installation::find(place, environment)?.config;
    runtime()?.block_on(run(source, &config, options, place.json))
}

async fn run(
    source: Source,
    config: &Config,
    options: &ReprocessOptions,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::new();
    shutdown.on_signals(STOP_TIME_MAX).context("signals can't be waited for")?;
    let store = store::find(config)?;
    let database = Database::connect(&config.database, DbRole::Cron)?;
    let mut asking = Asking::new(store, database, options, as_json, shutdown.clone());
    let ended = tokio::select! {
        ended = ask_all(source, &mut asking) => ended,
        () = shutdown.hard().cancelled() => Ok(()),
    };
    let is_stopped = shutdown.stopping();
    asking.tally().tell(as_json, options.dry_run, is_stopped);
    match ended {
        Err(error) if is_bad_condition(&error) => {
            eprintln!("auxilio: {error:#}");
            Ok(ExitCode::from(2))
        }
        Err(error) => Err(error),
        Ok(()) if is_stopped || asking.tally().not_in_store > 0 => Ok(ExitCode::from(1)),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

async fn ask_all(source: Source, asking: &mut Asking<'_>) -> anyhow::Result<()> {
    match source {
        Source::Ids(ids) => asking.ask(&ids).await,
        Source::Condition(condition) => {
            let mut matching = asking.database().matching(&condition).await?;
            while asking.goes_on() {
                let page = tokio::select! {
                    page = matching.next_page(PAGE_CRASHES) => page?,
                    () = asking.stopped() => break,
                };
                if page.is_empty() {
                    break;
                }
                asking.ask_reported(&page).await?;
            }
            Ok(())
        }
    }
}

/// Whether it is the operator's condition that is at fault.
fn is_bad_condition(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Condition { .. }))
}
