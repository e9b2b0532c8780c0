//! `auxilio reconcile`: brings each crash of the store back to a report, day by day.
//!
//! The store is the truth: what Postgres does not know, or knows less of, is brought up. Doing it
//! again changes nothing, and doing it while crashes come in and are processed is safe: a row is
//! written only over an older generation, and a crash is queued only if nobody touched it since the
//! store was asked.

mod bringing;
mod finding;
mod listing;
mod tally;
mod unprocessed;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use auxilio_common::{Clock, Day};
use auxilio_database::{Database, DbRole};
use auxilio_service::Shutdown;
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;

use self::bringing::Bringing;
use self::listing::Listing;
use self::tally::Tally;
use super::runtime;
use crate::cli::{Place, ReconcileOptions};
use crate::installation::Installation;
use crate::store;

/// Time that a batch under way has after the first signal.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);

pub(crate) fn perform(
    place: &Place,
    options: &ReconcileOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let today = SystemClock::start().now().day().context("the clock shows no usable day")?;
    let to = options.to.unwrap_or(today);
    if options.from > to {
        eprintln!("auxilio: there is no day from {} to {to}", options.from);
        return Ok(ExitCode::from(2));
    }
    let config = Installation::find(place, environment)?.config;
    let store = store::find(&config)?;
    let database = Database::connect(&config.database, DbRole::Cron)?;
    let bringing = Bringing::new(store, database, options.dry_run);
    let days = Days { from: options.from, to, as_json: place.json };
    runtime()?.block_on(days.reconcile(&bringing))
}

/// The days to go through.
struct Days {
    from: Day,
    to: Day,
    as_json: bool,
}

impl Days {
    async fn reconcile(&self, bringing: &Bringing) -> anyhow::Result<ExitCode> {
        let shutdown = Shutdown::new();
        shutdown.on_signals(STOP_TIME_MAX).context("signals can't be waited for")?;
        bringing.database().check().await?;
        let mut total = Tally::default();
        let mut next = Some(self.from);
        while let Some(day) = next.filter(|day| *day <= self.to && !shutdown.stopping()) {
            let mut tally = Tally::default();
            let ended = tokio::select! {
                ended = self.reconcile_day(day, bringing, &mut tally, &shutdown) => ended,
                () = shutdown.hard().cancelled() => Ok(()),
            };
            total.add(&tally);
            if shutdown.stopping() || ended.is_err() {
                total.tell_sum(self.as_json, bringing.is_dry_run(), Some(day));
                return ended.map(|()| ExitCode::from(1));
            }
            tally.tell_day(day, self.as_json);
            next = day.next();
        }
        total.tell_sum(self.as_json, bringing.is_dry_run(), next.filter(|day| *day <= self.to));
        Ok(ExitCode::from(u8::from(total.has_failures() || shutdown.stopping())))
    }

    async fn reconcile_day(
        &self,
        day: Day,
        bringing: &Bringing,
        tally: &mut Tally,
        shutdown: &Shutdown,
    ) -> anyhow::Result<()> {
        let mut listing = Listing::of(day);
        while !shutdown.stopping() {
            let entries = listing.next(bringing.store(), bringing.database()).await?;
            if entries.is_empty() {
                break;
            }
            for end in bringing.bring(entries).await? {
                tally.count(&end, self.as_json);
            }
        }
        Ok(())
    }
}
