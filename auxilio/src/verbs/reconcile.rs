//! `auxilio reconcile`: brings spool, store, queue and reports to agree, day by day.
//!
//! The store is the truth: what Postgres does not know, or knows less of, is brought up; and in the
//! store itself, what belongs to a crash and can be made from what is there is made again. Doing it
//! again changes nothing, and doing it while crashes come in and are processed is safe: a row is
//! written only over an older generation, a crash is queued only if nobody touched it since the
//! store was asked, and what may still be on its way is left to its crashmover. Nothing is removed
//! unless that was asked for.

mod bringing;
mod counting;
mod fate;
mod finding;
mod jobs_alone;
mod listing;
mod spools;
mod strays;
mod tally;
mod unprocessed;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use auxilio_common::audit::AuditScope;
use auxilio_common::{Clock, CrashStore, Day};
use auxilio_cron::BringBack;
use auxilio_database::{Database, DbRole};
use auxilio_service::clock::SystemClock;
use auxilio_service::environment::Environment;
use auxilio_service::{BoxError, Shutdown};

use self::bringing::Bringing;
use self::fate::{End, Fate};
use self::listing::Listing;
use self::spools::Spools;
use self::strays::Straying;
use self::tally::Tally;
use super::pace::Pace;
use super::runtime;
use crate::cli::{Place, ReconcileOptions, ReconcilePart};
use crate::config::Config;
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
    runtime()?.block_on(async {
        let mut run = Run::begin(&config, &store, options, to, place.json).await?;
        run.reconcile().await
    })
}

/// One run: the days to go through, with whom, and what became of them so far.
struct Run {
    from: Day,
    to: Day,
    parts: Vec<ReconcilePart>,
    as_json: bool,
    bringing: Bringing,
    straying: Straying,
    pace: Pace,
    shutdown: Shutdown,
    total: Tally,
}

impl Run {
    async fn begin(
        config: &Config,
        store: &Arc<dyn CrashStore>,
        options: &ReconcileOptions,
        to: Day,
        as_json: bool,
    ) -> anyhow::Result<Self> {
        let shutdown = Shutdown::new();
        shutdown.on_signals(STOP_TIME_MAX).context("signals can't be waited for")?;
        let parts = match &options.only[..] {
            [] => ReconcilePart::DEFAULT.to_vec(),
            only => only.to_vec(),
        };
        let database = Database::connect(&config.database, DbRole::Cron)?;
        if parts.iter().any(|part| matches!(part, ReconcilePart::Queue | ReconcilePart::Reports)) {
            database.check().await?;
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let spools = Spools::of(config, &clock).await?;
        let straying = Straying::new(Arc::clone(store), spools, clock, options);
        Ok(Self {
            from: options.from,
            to,
            parts,
            as_json,
            bringing: Bringing::new(Arc::clone(store), database, options.dry_run),
            straying,
            pace: Pace::new(options.rate),
            shutdown,
            total: Tally::default(),
        })
    }

    /// What has no day comes first: a run that is stopped goes on with the days that are left.
    async fn reconcile(&mut self) -> anyhow::Result<ExitCode> {
        let mut next = Some(self.from);
        let mut tally = Tally::default();
        let shutdown = self.shutdown.clone();
        let mut ended = tokio::select! {
            ended = self.reconcile_dayless(&mut tally) => ended,
            () = shutdown.hard().cancelled() => Ok(()),
        };
        self.total.add(&tally);
        tally.tell_dayless(self.as_json);
        while let Some(day) = next.filter(|day| *day <= self.to) {
            let mut tally = Tally::default();
            if ended.is_ok() && !shutdown.stopping() {
                ended = tokio::select! {
                    ended = self.reconcile_day(day, &mut tally) => ended,
                    () = shutdown.hard().cancelled() => Ok(()),
                };
            }
            self.total.add(&tally);
            if shutdown.stopping() || ended.is_err() {
                break;
            }
            tally.tell_day(day, self.as_json);
            next = day.next();
        }
        let stopped_at = next.filter(|day| *day <= self.to);
        self.total.tell_sum(self.as_json, self.bringing.is_dry_run(), stopped_at);
        ended?;
        Ok(ExitCode::from(u8::from(self.total.has_failures() || shutdown.stopping())))
    }

    fn has(&self, part: ReconcilePart) -> bool {
        self.parts.contains(&part)
    }

    async fn reconcile_dayless(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        if self.has(ReconcilePart::Spools) {
            self.count_spools(tally).await?;
        }
        if self.has(ReconcilePart::Queue) {
            self.find_jobs_alone(tally).await?;
        }
        if self.has(ReconcilePart::Indexes) {
            self.audit(AuditScope::Unprocessed, tally).await?;
            self.audit(AuditScope::Hangs, tally).await?;
        }
        Ok(())
    }

    /// Rows of indexes before crashes: they may bring crashes back.
    async fn reconcile_day(&mut self, day: Day, tally: &mut Tally) -> anyhow::Result<()> {
        for (part, scope) in [
            (ReconcilePart::Indexes, AuditScope::Submitted(day)),
            (ReconcilePart::Rows, AuditScope::Crashes(day)),
            (ReconcilePart::Dumps, AuditScope::Dumps(day)),
        ] {
            if self.has(part) {
                self.audit(scope, tally).await?;
            }
        }
        if self.has(ReconcilePart::Reports) {
            self.bring_day(day, tally).await?;
        }
        Ok(())
    }

    async fn bring_day(&mut self, day: Day, tally: &mut Tally) -> anyhow::Result<()> {
        let mut listing = Listing::of(day);
        while !self.shutdown.stopping() {
            let bringing = &self.bringing;
            let entries = listing.next(bringing.store(), bringing.database()).await?;
            if entries.is_empty() {
                break;
            }
            let at_once = self.pace.batch_or(entries.len());
            for entries in entries.chunks(at_once) {
                if !self.pace.wait(entries.len(), &self.shutdown).await {
                    break;
                }
                for end in self.bringing.bring(entries).await? {
                    tally.count(&end, self.as_json);
                }
            }
        }
        Ok(())
    }
}

/// Cron's hand on the store: what of a day was never processed is queued again.
pub(crate) struct Forgotten {
    bringing: Bringing,
}

impl Forgotten {
    pub(crate) fn of(store: Arc<dyn CrashStore>, database: Database) -> Self {
        Self { bringing: Bringing::new(store, database, false) }
    }
}

#[async_trait]
impl BringBack for Forgotten {
    async fn bring_back(&self, day: Day) -> Result<u64, BoxError> {
        let mut listing = Listing::of(day);
        let mut count = 0;
        loop {
            let bringing = &self.bringing;
            let entries = listing.next(bringing.store(), bringing.database()).await?;
            if entries.is_empty() {
                return Ok(count);
            }
            let ends = bringing.bring(&entries).await?;
            for End { crash_id, fate } in &ends {
                if let Fate::Refused(what) = fate {
                    tracing::warn!(%crash_id, what, "a crash can't be brought back");
                }
            }
            count += ends.iter().filter(|end| is_brought(&end.fate)).count() as u64;
        }
    }
}

fn is_brought(fate: &Fate) -> bool {
    matches!(fate, Fate::Rebuilt | Fate::Updated | Fate::Queued)
}
